"""Creates the topics that are missing, and says where existing ones differ from what they must be."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, for_code

from app.engine.topic_specs import TopicSpec
from app.settings import Refused, Settings

SAY_EVERY = 5.0  # seconds between two lines about a broker that does not answer
RETRY_AFTER = 0.5
REPLICAS_WITHIN = 30.0  # seconds in which the brokers of a starting cluster may still turn up
LEADERS_WITHIN = 30.0
NO_ERROR, NO_LEADER, ALREADY_EXISTS, INVALID_REPLICATION_FACTOR = 0, 5, 36, 38

Found = TypeVar("Found")


class Difference(NamedTuple):
    """What an existing topic has and what it must have; found None: there is no such topic."""

    topic: str
    what: str
    found: str | None
    wanted: str

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.topic}: missing"
        return f"{self.topic}: {self.what} is {self.found}, must be {self.wanted}"


@asynccontextmanager
async def reached(options: dict[str, Any], say: Callable[[str], None]) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, as soon as a broker answers; says every few seconds that it waits, and why."""
    started, said = time.monotonic(), 0
    while True:
        admin = AIOKafkaAdminClient(**options)
        with _LastLine() as cause:
            try:
                await admin.start()
                break
            except KafkaConnectionError:
                await admin.close()
        waited = time.monotonic() - started
        if waited >= said * SAY_EVERY:
            said += 1
            say(f"waiting for a broker at {options['bootstrap_servers']} since {waited:.0f} s: {cause.text}")
        await asyncio.sleep(RETRY_AFTER)
    if said:
        say("the broker answers, going on")
    try:
        yield admin
    finally:
        await admin.close()


async def ensure_topics(
    settings: Settings, specs: Sequence[TopicSpec], *, options: dict[str, Any], say: Callable[[str], None]
) -> None:
    """Wait for the broker and create what is missing; raises Refused on a topic of another partition count."""
    async with topics_ready(settings, specs, options=options, say=say):
        pass


@asynccontextmanager
async def topics_ready(
    settings: Settings, specs: Sequence[TopicSpec], *, options: dict[str, Any], say: Callable[[str], None]
) -> AsyncIterator[AIOKafkaAdminClient]:
    """ensure_topics, and the admin client it used."""
    async with reached(options, say) as admin:
        wrong = await _once_brokers_answer(lambda: _made(admin, settings, specs), say)
        if wrong:
            raise Refused(f"{'; '.join(wrong)}; recreate what is wrong, `faust -A app topics --check` has all details")
        yield admin


async def _made(admin: AIOKafkaAdminClient, settings: Settings, specs: Sequence[TopicSpec]) -> list[str]:
    """Create what is missing; what is wrong with the others."""
    await create_missing(admin, settings, specs)
    return [str(difference) for difference in await _partition_differences(admin, specs)]


async def _once_brokers_answer(ask: Callable[[], Awaitable[Found]], say: Callable[[str], None]) -> Found:
    """What they answer; again and again while one that is asked has just gone away."""
    started, said = time.monotonic(), 0
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable:
                raise
            waited = time.monotonic() - started
            if waited >= said * SAY_EVERY:
                said += 1
                say(f"a broker does not answer since {waited:.0f} s, asking again: {type(error).__name__}")
        await asyncio.sleep(RETRY_AFTER)


async def create_missing(
    admin: AIOKafkaAdminClient, settings: Settings, specs: Sequence[TopicSpec]
) -> tuple[TopicSpec, ...]:
    """Create the topics there are not yet and wait for their leaders; raises Refused with the broker's reason."""
    existing = await _existing(admin)
    missing = tuple(spec for spec in specs if spec.name not in existing)
    deadline = time.monotonic() + REPLICAS_WITHIN
    todo: Sequence[TopicSpec] = missing
    while todo:
        refusals = await _create(admin, settings, todo)
        todo = [spec for spec in todo if refusals.get(spec.name, (NO_ERROR, ""))[0] == INVALID_REPLICATION_FACTOR]
        if todo and time.monotonic() > deadline:
            raise Refused(
                f"STAYSHELF_REPLICATION_FACTOR: {settings.replication_factor} copies of {todo[0].name} need as many "
                "brokers, there are fewer; allowed: up to the number of brokers"
            )
        for name, (code, text) in refusals.items():
            if code not in {NO_ERROR, ALREADY_EXISTS, INVALID_REPLICATION_FACTOR}:
                raise Refused(f"the broker does not create {name}: {text or for_code(code).__name__}")
        await asyncio.sleep(RETRY_AFTER if todo else 0)
    if missing:
        await _until_led(admin, {spec.name for spec in missing})
    return missing


async def differences(
    admin: AIOKafkaAdminClient, settings: Settings, specs: Sequence[TopicSpec]
) -> tuple[Difference, ...]:
    """Every difference between the topics there are and what they must be; changes nothing."""
    existing = await _existing(admin)
    found = [Difference(spec.name, "topic", None, "there") for spec in specs if spec.name not in existing]
    present = [spec for spec in specs if spec.name in existing]
    configs = await _configs(admin, [spec.name for spec in present])
    for spec in present:
        copies = min(len(partition["replicas"]) for partition in existing[spec.name])
        facts = [
            ("partitions", str(len(existing[spec.name])), str(spec.partitions)),
            ("replication factor", str(copies), str(settings.replication_factor)),
        ]
        # The embedded broker lists only what was set; a name it leaves out has nothing to differ in.
        wanted = spec.configs(settings.min_insync_replicas)
        facts += [(name, configs[spec.name].get(name, value), value) for name, value in wanted.items()]
        found += [Difference(spec.name, what, has, must) for what, has, must in facts if has != must]
    return tuple(found)


async def _partition_differences(admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec]) -> list[Difference]:
    existing = await _existing(admin)
    return [
        Difference(spec.name, "partitions", str(len(existing[spec.name])), str(spec.partitions))
        for spec in specs
        if spec.name in existing and len(existing[spec.name]) != spec.partitions
    ]


async def _existing(admin: AIOKafkaAdminClient) -> dict[str, list[dict[str, Any]]]:
    # Asked for all topics: naming a missing one would make a broker with auto.create.topics.enable create it.
    return {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}


async def _create(
    admin: AIOKafkaAdminClient, settings: Settings, specs: Sequence[TopicSpec]
) -> dict[str, tuple[int, str]]:
    new = [
        NewTopic(
            spec.name,
            spec.partitions,
            settings.replication_factor,
            topic_configs=spec.configs(settings.min_insync_replicas),
        )
        for spec in specs
    ]
    answer = await admin.create_topics(new)
    return {name: (code, text or "") for name, code, text in answer.topic_errors}


async def _until_led(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    deadline = time.monotonic() + LEADERS_WITHIN
    while True:
        existing = await _existing(admin)
        led = {name for name in names if _is_led(existing.get(name, []))}
        if led == names:
            return
        if time.monotonic() > deadline:
            raise Refused(f"no leader for {', '.join(sorted(names - led))} within {LEADERS_WITHIN:.0f} s")
        await asyncio.sleep(RETRY_AFTER / 5)


def _is_led(partitions: list[dict[str, Any]]) -> bool:
    return bool(partitions) and all(partition["leader"] >= 0 for partition in partitions)


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    configs: dict[str, dict[str, str]] = {name: {} for name in names}
    for answer in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names]):
        for _code, _text, _kind, name, entries in answer.resources:
            configs[name] = {entry[0]: entry[1] for entry in entries}
    return configs


class _LastLine(logging.Handler):
    """Keeps the client's last line about a connection, which names the cause, instead of showing them all."""

    def __init__(self) -> None:
        super().__init__()
        self.text = "no answer"
        self._logger = logging.getLogger("aiokafka")

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage().splitlines()[0][:200]

    def __enter__(self) -> Self:
        self._before = (self._logger.level, self._logger.propagate)
        self._logger.setLevel(logging.WARNING)
        self._logger.propagate = False
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        level, self._logger.propagate = self._before
        self._logger.setLevel(level)
