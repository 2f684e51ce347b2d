from typing import Any

from pydantic import TypeAdapter

from app.metrics.reading import Reading
from app.views.live.figures import HISTORY, Figures, HistoryAnswer
from tests.app.metrics.readings import readings


async def test_a_worker_tells_of_itself_only(three: Any) -> None:
    worker = three.workers[1]
    worker.observer.consumed("payment-events", 7)
    worker.observer.applied("payment-events", "COMPLETED", 5)
    worker.observer.dead_letters("payment-events", "key-mismatch", 2)
    worker.observer.read_by(lambda: readings(restore_remaining={"stock": 40, "availability": 40}))
    body = (await three.get("/v1/figures", at=1)).json
    TypeAdapter(Figures).validate_python(body, strict=True)
    assert body["url"] == worker.own_url
    assert (body["consumed"]["payment-events"], body["applied"]) == (7, 5)
    assert body["deadLetters"] == [{"topic": "payment-events", "reason": "key-mismatch", "count": 2}]
    assert body["restoring"] == {"stock": 40, "availability": 40}
    assert len(body["copies"]) == 14
    assert (await three.get("/v1/figures")).json["applied"] == 0


async def test_its_last_hour(one: Any) -> None:
    worker = one.workers[0]
    history = worker.web[HISTORY]
    worker.observer.consumed("booking-events", 20)
    history.add(20_000, Reading(worker.observer.registry))
    body = (await one.get("/v1/history")).json
    TypeAdapter(HistoryAnswer).validate_python(body, strict=True)
    assert body["stepSeconds"] == 10
    assert body["steps"][-1] == {"at": 20_000, "consumed": 20, "latency": []}
