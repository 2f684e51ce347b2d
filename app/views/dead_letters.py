"""/v1/dead-letters: the newest records that could not be applied: where they came from and why, not what they hold."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiokafka.errors import KafkaError
from typing_extensions import TypedDict

from app.domain.payments import UNMATCHED
from app.domain.poison import REASONS
from app.engine.letter_box import LETTER_TOPICS
from app.engine.recent_letters import PER_PARTITION, Seen
from app.settings import Refused
from app.views.fields import EpochMs
from app.views.parameters import Query
from app.views.responses import as_json, unavailable

TOPICS = tuple(topic.removesuffix("-dlt") for topic in LETTER_TOPICS)
ALL_REASONS = (*REASONS, UNMATCHED.REFUND.value)
#: Headers are written by this program, but anybody may write to a topic.
ERROR_SHOWN_MAX = 300
_SECONDS = 10.0


class LetterAnswer(TypedDict):
    """A letter; id is its own place as `faust -A app dead-letters` takes it, the rest is of the source record."""

    id: str
    topic: str
    partition: int
    offset: int
    timestamp: EpochMs
    reason: str
    error: str
    attempts: int


class LettersAnswer(TypedDict):
    """Newest first, of the newest of each partition."""

    letters: list[LetterAnswer]
    perPartition: int


async def newest(request: web.Request) -> web.Response:
    """The newest letters of a topic and a reason, or of all."""
    query = Query(request, "topic", "reason", "limit")
    topic, reason, limit = query.one_of("topic", TOPICS), query.one_of("reason", ALL_REASONS), query.limit()
    try:
        async with asyncio.timeout(_SECONDS):
            found = await request.app[LETTERS]()
    except (KafkaError, Refused, TimeoutError, OSError):
        raise unavailable("the dead letter topics can't be read now") from None
    chosen = [
        _shown(seen) for seen in found if topic in {None, seen.letter.topic} and reason in {None, seen.letter.reason}
    ]
    return as_json(LettersAnswer(letters=chosen[:limit], perPartition=PER_PARTITION))


def _shown(seen: Seen) -> LetterAnswer:
    letter = seen.letter
    return {
        "id": str(seen.id),
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "timestamp": letter.timestamp,
        "reason": letter.reason,
        "error": letter.error[:ERROR_SHOWN_MAX],
        "attempts": letter.attempts,
    }


#: What reads the letters.
LETTERS: web.AppKey[Callable[[], Awaitable[Sequence[Seen]]]] = web.AppKey("letters")
