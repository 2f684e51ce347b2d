"""From a request to its answer: parse, gather the parts, merge, say as of when."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from app.views import as_of, fleet
from app.views.parts import ACTIVE, Part, Question, parts_here
from app.views.peers import PARTS_HEADER, as_parts
from app.views.responses import Problem, as_json, bad, unavailable
from app.views.worker import WORKER, Worker

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_END_SECONDS = 1.0


def answers(parse: Callable[[web.Request], Question]) -> Handler:
    """A handler for a question about the tables; the same question with the parts header is answered to a peer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        question = parse(request)
        wanted = request.headers.get(PARTS_HEADER)
        if wanted is not None:
            return await _to_peer(request.app[WORKER], question, wanted)
        parts = await fleet.gathered(request, question)
        worker = request.app[WORKER]
        try:
            body = question.merge(parts)
        except Problem as problem:
            if problem.status == 404:
                await _refuse_what_lags(worker, question, parts)
                problem.members["asOf"] = as_of.entries(worker, question, parts)
            raise
        body["asOf"] = as_of.entries(worker, question, parts)
        return as_json(body)

    return handle


async def _to_peer(worker: Worker, question: Question, wanted: str) -> web.Response:
    known = {str(partition): partition for partition in question.partitions}
    if not all(partition in known for partition in wanted.split(",")):
        raise bad(PARTS_HEADER, "names a partition this question is not about")
    return as_parts(await parts_here(worker, question, [known[text] for text in wanted.split(",")]))


async def _refuse_what_lags(worker: Worker, question: Question, parts: list[Part]) -> None:
    """Nothing found is only an answer where nothing can be missing: a standby must hold all the log has right now."""
    for part in parts:
        if part.role != ACTIVE and not (part.sure and await _holds_all(worker, question, part)):
            raise unavailable("only a copy that lags can answer, and what it lacks may exist", partition=part.partition)


async def _holds_all(worker: Worker, question: Question, part: Part) -> bool:
    # The known end may be a second old, and an owner may have shown what was written since: ask the broker.
    try:
        async with asyncio.timeout(_END_SECONDS):
            return part.next_offset >= await worker.latest_end(question.group.sources[0], part.partition)
    except Exception:
        return False
