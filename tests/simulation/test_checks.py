"""The checks themselves: a history with one lost, doubled, reordered or torn record must not pass."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from app.engine.changelog import POSITION_KEY
from app.engine.group import GROUP_BY_NAME
from app.engine.storage import META
from app.simulator.reference.record import LogRecord
from tests.simulation import checks, world
from tests.simulation.broker import Broker
from tests.simulation.disk import read_all
from tests.simulation.kafka_log import Partition
from tests.simulation.traffic import TASKS

OUTPUTS = ("payment-completed", "payment-events-dlt", "stayshelf-reservations")
ROWS = tuple(GROUP_BY_NAME[name].changelog for name, _ in TASKS[:2])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> world.World:
    """A run in which nothing goes wrong."""
    with patch.object(world, "plan", lambda _rng, **_: []), world.seams():
        found = world.World(5, tmp_path_factory.mktemp("simulated"))
        world.disk.DISK.append(found.disk)
        with world.clocks_of(found.loop, world.CLOCKS):
            found.run()
        world.disk.DISK.pop()
    assert found.problems == []
    return found


@pytest.fixture
def broker(seen: world.World) -> Iterator[Broker]:
    before = {tp: list(log._history) for tp, log in seen.broker.partitions.items()}
    yield seen.broker
    for tp, log in seen.broker.partitions.items():
        log._history = before[tp]


def logs(broker: Broker, topic: str) -> list[Partition]:
    return [log for tp, log in broker.partitions.items() if tp.topic == topic and log._history]


def last_of_its_key(log: Partition) -> int:
    """The index of a row that nothing replaces later."""
    keys = [record.key for record, _ in log._history]
    return next(
        i for i, key in enumerate(keys) if key != POSITION_KEY and key[0] > META[0] and key not in keys[i + 1 :]
    )


def lost(history: list[Any], at: int) -> None:
    del history[at]


def doubled(history: list[Any], at: int) -> None:
    history.insert(at, history[at])


def torn(history: list[Any], at: int) -> None:
    record, transaction = history[at]
    history[at] = record._replace(value=record.value[:-1] + bytes([record.value[-1] ^ 1])), transaction


def test_what_is_right_passes(broker: Broker, seen: world.World) -> None:
    assert checks.differences(broker, seen.sources) == []
    assert all(logs(broker, topic) for topic in (*OUTPUTS, *ROWS)), "there is something of everything to compare"


@pytest.mark.parametrize("change", [lost, doubled, torn])
@pytest.mark.parametrize("topic", OUTPUTS)
def test_a_changed_output_is_found(
    broker: Broker, seen: world.World, topic: str, change: Callable[[list[Any], int], None]
) -> None:
    change(logs(broker, topic)[0]._history, 0)
    assert checks.differences(broker, seen.sources)


@pytest.mark.parametrize("topic", ["payment-completed", "stayshelf-reservations"])
def test_outputs_in_another_order_are_found(broker: Broker, seen: world.World, topic: str) -> None:
    history = next(log._history for log in logs(broker, topic) if len(log._history) > 1)
    history.reverse()
    assert checks.differences(broker, seen.sources)


@pytest.mark.parametrize("change", [lost, torn])
@pytest.mark.parametrize("topic", ROWS)
def test_a_changed_row_is_found(
    broker: Broker, seen: world.World, topic: str, change: Callable[[list[Any], int], None]
) -> None:
    log = logs(broker, topic)[0]
    change(log._history, last_of_its_key(log))
    assert checks.differences(broker, seen.sources)


@pytest.mark.parametrize("change", [lost, doubled])
def test_a_source_record_that_was_not_read_once_is_found(
    broker: Broker, seen: world.World, change: Callable[[list[Any], int], None]
) -> None:
    applied = next(i for i, record in enumerate(seen.sources) if record.value and b"SALE" in record.value)
    sources: list[LogRecord] = list(seen.sources)
    change(sources, applied)
    if change is doubled:
        value = sources[applied].value or b""
        sources[applied] = sources[applied]._replace(value=value.replace(b'"eventId":"e', b'"eventId":"x'))
    assert checks.differences(broker, sources)


def test_a_copy_unlike_its_changelog_is_found(broker: Broker, seen: world.World) -> None:
    worker = seen.running()[0]
    assert worker.app is not None
    task = worker.app.engine.tasks.held()[0]
    rows = dict(read_all(seen.disk.files[str(task.store.directory)]))
    assert list(checks.unlike_changelog(broker, *task.id, rows)) == []
    key = next(key for key in rows if key[0] > META[0])
    assert list(checks.unlike_changelog(broker, *task.id, {**rows, key: b"another"}))
    assert list(checks.unlike_changelog(broker, *task.id, {k: v for k, v in rows.items() if k != key}))


def test_a_write_ahead_of_kafka_is_found(broker: Broker, seen: world.World) -> None:
    group, partition = TASKS[0]
    state = checks.folded(broker, group, partition)
    directory, end = f"/somewhere/{group}-{partition}", (1 << 40).to_bytes(8, "big")
    key = next(key for key in state if key[0] > META[0])
    as_committed = [(key, state[key]), (checks.CHANGELOG_OFFSET, end)]
    assert checks.uncommitted(broker, directory, as_committed) == ""
    assert checks.uncommitted(broker, directory, [(key, b"another"), (checks.CHANGELOG_OFFSET, end)])
    assert checks.uncommitted(broker, directory, [(key, state[key]), (checks.CHANGELOG_OFFSET, bytes(8))])
