"""/v1/figures and /v1/history: what one worker has to say about itself, now and over the last hour."""

import time

from aiohttp import web
from typing_extensions import TypedDict

from app.metrics import catalogue
from app.metrics.history import STEP_SECONDS, History
from app.metrics.reading import Reading
from app.views.fields import EpochMs
from app.views.parameters import Query
from app.views.responses import as_json
from app.views.topology import CopyInfo, copies_of
from app.views.worker import WORKER, Worker


class LetterCount(TypedDict):
    """Dead letters of one reason since this worker started."""

    topic: str
    reason: str
    count: int


class Figures(TypedDict):
    """A worker as it sees itself; counts are since it started.

    consumed is by source topic; restoring is the changelog records still to restore, by table; latency is events by
    bucket of stayshelf_event_latency_seconds.
    """

    url: str
    at: EpochMs
    inTouch: bool
    consumed: dict[str, int]
    applied: int
    duplicates: int
    ignored: int
    retries: int
    lateDropped: int
    deadLetters: list[LetterCount]
    latency: list[int]
    negativeStockRows: int
    overbookedNights: int
    restoring: dict[str, int]
    copies: list[CopyInfo]


class StepAnswer(TypedDict):
    """What happened in the step that ended then; latency as in Figures, or empty for none."""

    at: EpochMs
    consumed: int
    latency: list[int]


class HistoryAnswer(TypedDict):
    """A worker's last hour, oldest step first."""

    url: str
    stepSeconds: int
    steps: list[StepAnswer]


def of_worker(worker: Worker) -> Figures:
    """The figures of this worker, now."""
    reading = Reading(worker.observer.registry)
    return {
        "url": worker.own_url,
        "at": int(time.time() * 1000),
        "inTouch": worker.in_touch,
        "consumed": reading.by(catalogue.CONSUMED, "topic"),
        "applied": sum(map(reading.total, catalogue.PROCESSED.values())),
        "duplicates": reading.total(catalogue.DUPLICATES),
        "ignored": reading.total(catalogue.IGNORED),
        "retries": reading.total(catalogue.RETRIES),
        "lateDropped": reading.total(catalogue.LATE_DROPPED),
        "deadLetters": _letters(reading),
        "latency": reading.counts(catalogue.EVENT_LATENCY),
        "negativeStockRows": reading.total(catalogue.NEGATIVE_STOCK),
        "overbookedNights": reading.total(catalogue.OVERBOOKED),
        "restoring": {name: left for name, left in reading.by(catalogue.RESTORE_REMAINING, "table").items() if left},
        "copies": copies_of(worker),
    }


def _letters(reading: Reading) -> list[LetterCount]:
    return [
        LetterCount(topic=labels["topic"], reason=labels["reason"], count=count)
        for labels, count in reading.series(catalogue.DEAD_LETTERS)
        if count
    ]


def history_of(worker: Worker, history: History) -> HistoryAnswer:
    """The last hour of this worker."""
    steps = [StepAnswer(at=step.at, consumed=step.consumed, latency=step.latency) for step in history.steps]
    return {"url": worker.own_url, "stepSeconds": STEP_SECONDS, "steps": steps}


async def figures(request: web.Request) -> web.Response:
    """This worker's figures."""
    Query(request)
    return as_json(of_worker(request.app[WORKER]))


async def history(request: web.Request) -> web.Response:
    """This worker's last hour."""
    Query(request)
    return as_json(history_of(request.app[WORKER], request.app[HISTORY]))


#: Where handlers find the last hour in the web application.
HISTORY: web.AppKey[History] = web.AppKey("history")
