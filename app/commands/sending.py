"""What simulate and replay share: topics that are there, a bar, and a line about what was sent."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import click

from app.commands.console import say
from app.commands.progress import bar
from app.engine.connection import client_options
from app.engine.decode.resolve import HEAD_BYTES
from app.engine.registry.client import RegistryClient, RegistryDown, TooLarge
from app.engine.registry.subjects import ids
from app.engine.topic_admin import ensure_topics
from app.engine.topic_specs import SPECS
from app.settings import Refused, Settings
from app.simulator.encoding import WRITERS
from app.simulator.outgoing import Outgoing
from app.simulator.publisher import publish

SOURCES = tuple(spec for spec in SPECS if spec.name in WRITERS)


class Sending(NamedTuple):
    """What to send: a title, the records, the total of the bar, how far a record takes it, and the pace."""

    title: str
    records: Iterable[Outgoing]
    total: float
    done: Callable[[int], float]
    speed: float = 1.0
    counted: bool = True


async def send(settings: Settings, sending: Sending) -> int:
    """Send everything to the source topics, created where missing; 1 where the broker refused a record, else 0."""
    options = client_options(settings)
    await ensure_topics(settings, SOURCES, options=options, say=say)
    records = await _under_registered_ids(settings, sending.records)
    count = 0
    with bar(sending.title, sending.total, counted=sending.counted) as advance:

        def sent(_record: Outgoing) -> None:
            nonlocal count
            count += 1
            advance(sending.done(count), said=f"{count:,} events")

        published = await publish(options, records, advance=sent, speed=sending.speed)
        advance(sending.total, said=f"{count:,} events")
    rate = count / max(published.seconds, 0.001)
    by_topic = ", ".join(f"{topic} {number:,}" for topic, number in sorted(published.sent.items()))
    click.echo(
        f"sent {published.sent.total():,} events in {published.seconds:.1f} s ({rate:,.0f}/s): {by_topic or 'none'}"
    )
    for error, number in published.refused.items():
        say(f"{number:,} events were refused by the broker: {error}")
    return 1 if published.refused else 0


async def _under_registered_ids(settings: Settings, records: Iterable[Outgoing]) -> Iterable[Outgoing]:
    """The records under the ids that the registry has for the schemas they are written with."""
    if settings.schema_registry == "bundled":
        return records
    client = RegistryClient(settings.schema_registry)
    try:
        found = await ids(client)
    except (RegistryDown, TooLarge) as error:
        raise Refused(f"STAYSHELF_SCHEMA_REGISTRY: {error}") from None
    finally:
        await client.close()
    heads = {b"\0" + ours.to_bytes(4, "big"): b"\0" + theirs.to_bytes(4, "big") for ours, theirs in found.items()}
    return (_with_head(record, heads) for record in records)


def _with_head(record: Outgoing, heads: Mapping[bytes, bytes]) -> Outgoing:
    value = record.value or b""
    head = heads.get(value[:HEAD_BYTES])
    return record if head is None else record._replace(value=head + value[HEAD_BYTES:])
