import asyncio
import subprocess
import uuid
from contextlib import ExitStack

import pytest
from aiokafka.admin import NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import NodeNotReadyError

from app.engine import embedded
from app.engine.topic_admin import Difference, create_missing, differences, ensure_topics, reached
from app.engine.topic_specs import TopicSpec
from app.settings import Refused, Settings
from tests.broker.single import free_port

SETTINGS = Settings(broker="kafka://unused:1", replication_factor=1)


@pytest.fixture
def specs() -> tuple[TopicSpec, ...]:
    name = f"t-{uuid.uuid4().hex[:8]}"
    return (
        TopicSpec(f"{name}-events", 3, 86_400_000, "delete", "a test", "events"),
        TopicSpec(f"{name}-changelog", 2, None, "compact", "a test", "rows", 8_388_608),
    )


@pytest.fixture
def options(kafka: str) -> dict[str, str]:
    return {"bootstrap_servers": kafka}


def silent(line: str) -> None:
    raise AssertionError(line)


async def test_creates_what_is_missing_and_then_finds_no_difference(
    options: dict[str, str], specs: tuple[TopicSpec, ...]
) -> None:
    async with reached(options, silent) as admin:
        assert [d.found for d in await differences(admin, SETTINGS, specs)] == [None, None]
        assert await create_missing(admin, SETTINGS, specs) == specs
        assert await differences(admin, SETTINGS, specs) == ()
        assert await create_missing(admin, SETTINGS, specs) == ()


async def test_two_workers_may_create_at_once(options: dict[str, str], specs: tuple[TopicSpec, ...]) -> None:
    ensure = (ensure_topics(SETTINGS, specs, options=options, say=silent) for _ in range(2))
    await asyncio.gather(*ensure)


async def test_names_every_difference_and_changes_nothing(
    options: dict[str, str], specs: tuple[TopicSpec, ...]
) -> None:
    events, changelog = specs
    async with reached(options, silent) as admin:
        await admin.create_topics([NewTopic(events.name, 4, 1, topic_configs={"retention.ms": "1000"})])
        await create_missing(admin, SETTINGS, specs)
        wanted = (
            Difference(events.name, "partitions", "4", "3"),
            Difference(events.name, "retention.ms", "1000", "86400000"),
        )
        assert await differences(admin, SETTINGS, specs) == wanted
        three = Settings(broker="kafka://unused:1")
        found = await differences(admin, three, (changelog,))
        assert [str(difference) for difference in found] == [
            f"{changelog.name}: replication factor is 1, must be 3",
            f"{changelog.name}: min.insync.replicas is 1, must be 2",
        ]


async def test_a_wrong_partition_count_is_refused_by_name(
    options: dict[str, str], specs: tuple[TopicSpec, ...]
) -> None:
    async with reached(options, silent) as admin:
        await admin.create_topics([NewTopic(specs[0].name, 1, 1)])
    with pytest.raises(Refused, match=f"{specs[0].name}: partitions is 1, must be 3"):
        await ensure_topics(SETTINGS, specs, options=options, say=silent)


async def test_more_copies_than_brokers_are_refused(
    options: dict[str, str], specs: tuple[TopicSpec, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.topic_admin.REPLICAS_WITHIN", 0.0)
    with pytest.raises(Refused, match=r"STAYSHELF_REPLICATION_FACTOR: 3 copies of .* allowed: up to"):
        await ensure_topics(Settings(broker="kafka://unused:1"), specs, options=options, say=silent)


async def test_a_broker_that_goes_away_meanwhile_is_waited_for(
    options: dict[str, str], specs: tuple[TopicSpec, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    send, said, failing = AIOKafkaClient.send, list[str](), iter([False, True, False, True])

    async def going_away(client: AIOKafkaClient, node: int, request: object, **kinds: object) -> object:
        if next(failing, False):
            raise NodeNotReadyError("gone")
        return await send(client, node, request, **kinds)

    monkeypatch.setattr(AIOKafkaClient, "send", going_away)
    await ensure_topics(SETTINGS, specs, options=options, say=said.append)
    assert next(failing, None) is None
    assert said == ["a broker does not answer since 0 s, asking again: NodeNotReadyError"]
    async with reached(options, silent) as admin:
        assert await differences(admin, SETTINGS, specs) == ()


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


async def test_waits_for_a_broker_says_so_and_goes_on() -> None:
    address = f"127.0.0.1:{free_port()}"
    said: list[str] = []
    with ExitStack() as stack:

        def say(line: str) -> None:
            said.append(line)
            if len(said) == 1:
                stack.callback(end, embedded._spawn(address))

        async with reached({"bootstrap_servers": address}, say) as admin:
            assert await admin.list_topics() == []
    assert "waiting for a broker at" in said[0]
    assert "[Errno 111]" in said[0]
    assert said[-1] == "the broker answers, going on"
