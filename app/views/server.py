"""Faust's web service with our routes: every path the worker answers, and nothing of Faust's own pages."""

from typing import Any

from aiohttp import web
from faust.web.drivers.aiohttp import Web as FaustWeb

from app.engine.recent_letters import RecentLetters
from app.metrics.history import History
from app.views import (
    assets,
    bookings,
    dead_letters,
    docs_page,
    health,
    hotels,
    items,
    low_stock,
    openapi,
    overbooked,
    payments,
    ranking,
    schema_ids,
    scrape,
    stores,
    topology,
    windows,
)
from app.views.answers import Handler, answers
from app.views.door import Runner, counted, errors_as_problems
from app.views.live import figures, stream
from app.views.live.watch import WATCH, Watch, keep_history
from app.views.peers import PEERS, Peers
from app.views.worker import WORKER, Worker

# An id is anything but a slash; a slash inside an id comes as %2F, which the router leaves alone until it has matched.
_ID, _ITEM, _BOOKING, _PAYMENT = "{id:[^/]+}", "{itemId:[^/]+}", "{bookingId:[^/]+}", "{paymentId:[^/]+}"

ROUTES: tuple[tuple[str, Handler], ...] = (
    (f"/v1/stores/{_ID}/stock", answers(stores.page)),
    (f"/v1/stores/{_ID}/stock/{_ITEM}", answers(stores.item)),
    (f"/v1/items/{_ITEM}/stock", answers(items.item)),
    ("/v1/low-stock", answers(low_stock.rows)),
    (f"/v1/hotels/{_ID}/availability", answers(hotels.nights)),
    ("/v1/overbooked", answers(overbooked.nights)),
    (f"/v1/bookings/{_BOOKING}", answers(bookings.booking)),
    (f"/v1/payments/{_PAYMENT}", answers(payments.payment)),
    ("/v1/dead-letters", dead_letters.newest),
    ("/v1/windows/sales", answers(windows.sales)),
    ("/v1/windows/bookings", answers(windows.bookings)),
    ("/v1/windows/payments", answers(windows.payments)),
    ("/v1/windows/sales/ranking", answers(ranking.sales)),
    ("/v1/windows/bookings/ranking", answers(ranking.bookings)),
    ("/v1/windows/payments/ranking", answers(ranking.payments)),
    ("/v1/topology", topology.topology),
    ("/v1/figures", figures.figures),
    ("/v1/history", figures.history),
    ("/v1/live", stream.live),
    ("/health/live", health.live),
    ("/health/ready", health.ready),
    ("/metrics", scrape.metrics),
    ("/openapi.json", openapi.description),
    (f"/schemas/ids/{_ID}", schema_ids.schema),
    ("/", assets.page),
    ("/docs", docs_page.page),
    ("/assets/{name:[^/]+}", assets.asset),
)


def application(worker: Worker) -> web.Application:
    """The web application of a worker: GET and HEAD for each route."""
    made = web.Application(middlewares=[counted, errors_as_problems])
    peers = Peers()
    made[WORKER], made[PEERS] = worker, peers
    made[figures.HISTORY] = History()
    made[WATCH] = Watch(worker, peers, made[figures.HISTORY])
    made[dead_letters.LETTERS] = RecentLetters(worker.settings).read
    made.cleanup_ctx.append(keep_history)
    made.on_shutdown.append(made[WATCH].end)
    made.on_cleanup.append(peers.close)
    for path, handler in ROUTES:
        made.router.add_get(path, handler, expect_handler=_expect_nothing)
    return made


async def _expect_nothing(_request: web.Request) -> None:
    """No request has a body to wait for, so no expectation needs an answer of its own."""


class Web(FaustWeb):  # type: ignore[misc]
    """The web driver `stayshelf://`: Faust starts and stops it, binds its address and gives it its port."""

    default_blueprints = production_blueprints = debug_blueprints = optional_blueprints = ()

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.web_app = application(app)
        self._runner = Runner(self.web_app)
