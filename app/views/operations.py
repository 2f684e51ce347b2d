"""What each path takes and answers, in the terms of OpenAPI; the answers' types are those the views fill in."""

from typing import Any, NamedTuple

from app.views.bookings import BookingAnswer
from app.views.dead_letters import ALL_REASONS, TOPICS, LettersAnswer
from app.views.health import Live, Ready
from app.views.hotels import HotelAnswer
from app.views.items import ItemAnswer
from app.views.live.figures import Figures, HistoryAnswer
from app.views.live.stream import EVENT_STREAM
from app.views.low_stock import LOWEST, LowStock
from app.views.overbooked import OverbookedAnswer
from app.views.parameters import ID_CODE_POINTS_MAX, LIMIT_DEFAULT, LIMIT_MAX, NIGHTS_MAX
from app.views.parts import PART_ROWS_MAX
from app.views.payments import PaymentAnswer
from app.views.ranking import KEYS_MAX, RANKS_MAX, BookingsRanking, PaymentsRanking, SalesRanking
from app.views.responses import JSON
from app.views.schema_ids import CONTENT_TYPE, SchemaAnswer
from app.views.spans import DURATION_PATTERN, MOMENT_MAX
from app.views.stores import StockItem, StorePage
from app.views.topology import Topology
from app.views.windows import BookingsAnswer, PaymentsAnswer, SalesAnswer

_ID = {"type": "string", "minLength": 1, "maxLength": ID_CODE_POINTS_MAX}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}
_DAY = {"type": "string", "format": "date"}


class Parameter(NamedTuple):
    """One parameter of the query."""

    name: str
    schema: dict[str, Any]
    help: str
    required: bool = False


class Operation(NamedTuple):
    """A GET: answer is the type of its 200, or None where content is no JSON; unknown is what a 404 says."""

    name: str
    tag: str
    summary: str
    answer: Any
    query: tuple[Parameter, ...] = ()
    unknown: str | None = None
    content: str = JSON
    by_tables: bool = False


_NIGHTS = (
    Parameter("from", _DAY, "First night.", required=True),
    Parameter("to", _DAY, f"The night after the last, at most {NIGHTS_MAX} nights later.", required=True),
)
_ROWS = Parameter("limit", _LIMIT, "Most rows to answer.")

#: By name in a path: what it identifies.
IDS = {
    "/v1/stores/{id}": "The store's locationId.",
    "/v1/hotels/{id}": "The hotel's locationId.",
    "/schemas/ids/{id}": "Number of the schema.",
    "{itemId}": "The item's SKU.",
    "{bookingId}": "The booking.",
    "{paymentId}": "The payment.",
}
ID_SCHEMA = _ID


def operations(low_stock_max: int) -> dict[str, Operation]:
    """Every documented path; the highest threshold of low stock is a setting."""
    return {**_stock(low_stock_max), **_HOTELS, **_WINDOWS, **_ABOUT}


def _stock(low_stock_max: int) -> dict[str, Operation]:
    low = {"type": "integer", "minimum": LOWEST, "maximum": low_stock_max}
    after = Parameter("after", _ID, "The last itemId of the page before: its `next`.")
    return {
        "/v1/stores/{id}/stock": Operation(
            "storeStock", "stores", "Stock of a store, by itemId", StorePage, (_ROWS, after), by_tables=True
        ),
        "/v1/stores/{id}/stock/{itemId}": Operation(
            "stockItem", "stores", "Stock of one item in one store", StockItem, unknown="item", by_tables=True
        ),
        "/v1/items/{itemId}/stock": Operation(
            "itemStock", "stores", "Stock of an item over all stores", ItemAnswer, by_tables=True
        ),
        "/v1/low-stock": Operation(
            "lowStock",
            "stores",
            "What is about to run out, lowest first, over all stores",
            LowStock,
            (Parameter("threshold", low, "Highest onHand to answer.", required=True), _ROWS),
            by_tables=True,
        ),
    }


_HOTELS = {
    "/v1/hotels/{id}/availability": Operation(
        "availability",
        "hotels",
        "Rooms of a hotel, night by night",
        HotelAnswer,
        (*_NIGHTS, Parameter("roomType", _ID, "Only of this room type.")),
        by_tables=True,
    ),
    "/v1/overbooked": Operation(
        "overbooked",
        "hotels",
        "Nights sold beyond capacity, over all hotels",
        OverbookedAnswer,
        (*_NIGHTS, _ROWS),
        by_tables=True,
    ),
    "/v1/bookings/{bookingId}": Operation(
        "booking", "hotels", "A booking", BookingAnswer, unknown="booking", by_tables=True
    ),
    "/v1/payments/{paymentId}": Operation(
        "payment", "payments", "A payment", PaymentAnswer, unknown="payment", by_tables=True
    ),
}

_MOMENT = {"type": "integer", "minimum": -MOMENT_MAX, "maximum": MOMENT_MAX}
_DURATION = {"type": "string", "pattern": f"^{DURATION_PATTERN}$"}
_SPANS = (
    Parameter("from", _MOMENT, "Windows that start here or later, epoch ms.", required=True),
    Parameter("to", _MOMENT, "Windows that start before this, epoch ms; at most 10,000 of them.", required=True),
    Parameter("size", _DURATION, "How long a window is: 1m, 15m, 1h, 1d.", required=True),
    Parameter("step", _DURATION, "From one start to the next, aligned to 1970; as long as size where left out."),
)


def _windows(name: str, answer: Any, key: str, what: str) -> Operation:
    asked = Parameter(key, _ID, f"Only of this {what}.")
    return Operation(
        f"{name}Windows", "windows", f"{name.capitalize()} in event-time windows, by {what} or in all", answer,
        (asked, *_SPANS), by_tables=True,
    )  # fmt: skip


_RANKED_UNTIL = (
    "Panes that start before this; whole hours reach further back. "
    f"A span with over {KEYS_MAX:,} keys or {PART_ROWS_MAX:,} rows in one partition is refused."
)


def _ranking(name: str, answer: Any, summary: str) -> Operation:
    limit = {"type": "integer", "minimum": 1, "maximum": RANKS_MAX, "default": 10}
    span = (
        Parameter("from", _MOMENT, "Panes that start here or later, epoch ms.", required=True),
        Parameter("to", _MOMENT, _RANKED_UNTIL, required=True),
        Parameter("limit", limit, "Most keys to answer."),
    )
    return Operation(f"{name}Ranking", "windows", f"{summary} in a span of event time", answer, span, by_tables=True)


_WINDOWS = {
    "/v1/windows/sales": _windows("sales", SalesAnswer, "storeId", "store"),
    "/v1/windows/bookings": _windows("bookings", BookingsAnswer, "region", "region"),
    "/v1/windows/payments": _windows("payments", PaymentsAnswer, "currency", "currency"),
    "/v1/windows/sales/ranking": _ranking("sales", SalesRanking, "Stores by units sold"),
    "/v1/windows/bookings/ranking": _ranking("bookings", BookingsRanking, "Regions by confirmed bookings"),
    "/v1/windows/payments/ranking": _ranking("payments", PaymentsRanking, "Currencies by completed payments"),
}

_ABOUT = {
    "/v1/dead-letters": Operation(
        "deadLetters",
        "workers",
        "The newest records that could not be applied: where they came from and why, not what they hold",
        LettersAnswer,
        (
            Parameter("topic", {"type": "string", "enum": list(TOPICS)}, "Only of this source."),
            Parameter("reason", {"type": "string", "enum": list(ALL_REASONS)}, "Only with this reason."),
            _ROWS,
        ),
        by_tables=True,
    ),
    "/v1/topology": Operation(
        "topology", "workers", "Agents, tables, topics, and which worker holds which partition", Topology
    ),
    "/v1/figures": Operation("figures", "workers", "What this worker says of itself", Figures),
    "/v1/history": Operation("history", "workers", "This worker's last hour, in steps of ten seconds", HistoryAnswer),
    "/v1/live": Operation(
        "live",
        "workers",
        "Server-sent events: `history` once, then `fleet` every second, with FleetHistory and FleetNow as data",
        None,
        content=EVENT_STREAM,
    ),
    "/health/live": Operation("alive", "workers", "Whether the process answers", Live),
    "/health/ready": Operation("ready", "workers", "Whether this worker's tables are restored", Ready),
    "/metrics": Operation("metrics", "workers", "Metrics for Prometheus", None, content="text/plain"),
    "/openapi.json": Operation("description", "workers", "This description", None),
    "/schemas/ids/{id}": Operation(
        "schema",
        "workers",
        "A bundled Avro schema, as a Confluent registry serves it",
        SchemaAnswer,
        unknown="schema",
        content=CONTENT_TYPE,
    ),
}
