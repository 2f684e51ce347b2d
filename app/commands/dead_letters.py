"""`faust -A app dead-letters`: what could not be applied, to be looked at, sent again or put away."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from faust.cli import argument, option
from rich.console import Console
from rich.progress import Progress

from app.application import app
from app.commands.console import ConsoleCommand, say
from app.delivery.dead_letters import SUFFIX
from app.domain.payments import UNMATCHED
from app.domain.poison import KILLS_WORKER, REASONS
from app.engine.connection import client_options
from app.engine.letter_box import LETTER_TOPICS, Found, LetterBox, LetterId
from app.engine.topic_admin import topics_ready
from app.engine.topic_specs import SPECS
from app.settings import Refused

_REASONS = (*REASONS, UNMATCHED.REFUND.value, KILLS_WORKER)

SHOWN_BYTES = 4_096
SOURCES = tuple(name.removesuffix(SUFFIX) for name in LETTER_TOPICS)
CONSOLE = Console()  # of stdout: a bar beside output that goes to a file would swallow it


@app.command(
    argument("action", type=click.Choice(["list", "show", "replay", "discard"])),
    argument("letters", nargs=-1, metavar="[LETTER]..."),
    option("--topic", type=click.Choice([*SOURCES, *LETTER_TOPICS]), help="Only of this source."),
    option("--reason", type=click.Choice(_REASONS), help="Only with this reason."),
    option("--all", "everything", is_flag=True, default=False, help="Replay or discard without any other filter."),
    option("--limit", type=click.IntRange(min=1), default=100, help="How many letters `list` shows."),
    base=ConsoleCommand,
)
async def dead_letters(self: ConsoleCommand, action: str, letters: tuple[str, ...], **filters: Any) -> int:
    """List, show, replay or discard the dead letters. LETTER is an id as `list` shows it.

    replay sends key and value back to the partition they came from. A letter that was replayed or discarded stays in
    its topic but is no longer listed.
    """
    if action == "show" and not letters:
        raise Refused("show needs a letter; `dead-letters list` shows them")
    if action in {"replay", "discard"} and not (
        letters or filters["topic"] or filters["reason"] or filters["everything"]
    ):
        raise Refused(f"{action} needs letters, --topic, --reason or --all")
    ids = [LetterId.parse(text) for text in letters]
    options = client_options(app.settings)
    async with topics_ready(app.settings, SPECS, options=options, say=say) as admin, LetterBox(options, admin) as box:
        if action == "list":
            return await _list(box, filters)
        if action == "show":
            return await _show(box, ids)
        return await _deal(box, action, _by_id(box, ids) if ids else _filtered(box, filters))


async def _list(box: LetterBox, filters: dict[str, Any]) -> int:
    counts: Counter[tuple[str, str]] = Counter()
    async for found in _filtered(box, filters):
        counts[found.letter.topic, found.letter.reason] += 1
        if counts.total() <= filters["limit"]:
            _print(_line(found))
    for (topic, reason), n in sorted(counts.items()):
        _print(f"{n:8,} {topic} {reason}")
    hidden = f", {counts.total() - filters['limit']:,} of them not shown" if counts.total() > filters["limit"] else ""
    _print(f"{counts.total():,} dead letter{'s' * (counts.total() != 1)}{hidden}")
    return 0


async def _show(box: LetterBox, ids: Sequence[LetterId]) -> int:
    for id in ids:
        found = await box.letter(id)
        if found is None:
            raise Refused(f"there is no letter {id}")
        _print(f"letter     {id}{' (replayed or discarded)' if box.is_done(id) else ''}")
        for name, value in found.letter._asdict().items():
            _print(f"{name:10} {_time(value) if name == 'timestamp' else value}")
        _print(f"key        {_text(found.key)}")
        _print(f"value      {_text(found.value)}")
    return 0


async def _deal(box: LetterBox, action: str, chosen: AsyncIterator[Found]) -> int:
    dealt = refused = 0
    async for found in chosen:
        refusal = None
        if action == "replay":
            refusal = await box.replay(found)
        else:
            await box.discard(found)
        if refusal is None:
            dealt += 1
        else:
            refused += 1
            say(f"{found.id} can't be replayed: {refusal}")
    _print(f"{dealt:,} dead letter{'s' * (dealt != 1)} {action}ed" + (f", {refused:,} refused" if refused else ""))
    return 1 if refused else 0


async def _by_id(box: LetterBox, ids: Sequence[LetterId]) -> AsyncIterator[Found]:
    for id in ids:
        found = None if box.is_done(id) else await box.letter(id)
        if found is None:
            raise Refused(f"there is no letter {id}, or it was replayed or discarded")
        yield found


async def _filtered(box: LetterBox, filters: dict[str, Any]) -> AsyncIterator[Found]:
    topics = [f"{filters['topic'].removesuffix(SUFFIX)}{SUFFIX}"] if filters["topic"] else LETTER_TOPICS
    with Progress(
        *Progress.get_default_columns(), console=CONSOLE, transient=True, disable=not CONSOLE.is_terminal
    ) as bar:
        task = bar.add_task("reading", total=None)
        async for found in box.letters(topics, lambda n, total: bar.update(task, completed=n, total=total)):
            if filters["reason"] in {None, found.letter.reason}:
                yield found


def _line(found: Found) -> str:
    letter = found.letter
    source = f"{letter.partition}:{letter.offset}"
    times = "once" if letter.attempts == 1 else f"{letter.attempts} times"
    when = _time(letter.timestamp)
    return f"{found.id!s:32} {letter.reason:19} tried {times}, from {source} of {when}: {letter.error}"


def _print(line: str) -> None:
    CONSOLE.print(line, markup=False, highlight=False, soft_wrap=True)


def _time(timestamp_ms: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(timestamp_ms)


def _text(data: bytes | None) -> str:
    """Printable text as it is, everything else in hex; at most SHOWN_BYTES of it."""
    if data is None:
        return "null"
    more = f" ... ({len(data):,} bytes)" if len(data) > SHOWN_BYTES else ""
    try:
        text = data[:SHOWN_BYTES].decode()
    except UnicodeDecodeError:
        return data[:SHOWN_BYTES].hex(" ") + more
    return (text if text.isprintable() else data[:SHOWN_BYTES].hex(" ")) + more
