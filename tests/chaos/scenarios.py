"""The scenarios of a run, as data: what is done to which workers, how often."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.chaos.brokers import kill_brokers, roll_brokers
from tests.chaos.crashes import crash_at_points, crash_at_random, storm
from tests.chaos.damage import damage_directories
from tests.chaos.network import (
    cut,
    delay,
    freeze,
    hold_answer_until_given_up,
    hold_end,
    hold_end_until_given_up,
)
from tests.chaos.stage import Stage
from tests.chaos.strangers import open_transaction, same_instance
from tests.chaos.zombies import sleep_and_wake, sleep_once

WORKERS = 3
Play = Callable[[Stage], Awaitable[None]]


class Scenario(NamedTuple):
    """A name, and what happens on a stage from the start of its workers until it is settled."""

    name: str
    play: Play


def points(kills: int, *, static: bool, workers: int = WORKERS) -> Scenario:
    """Deaths at every named place."""

    async def play(stage: Stage) -> None:
        await stage.start(workers, static=static)
        await crash_at_points(stage, kills)

    return Scenario(f"crashes at points, {'static' if static else 'dynamic'} members", play)


def random_crashes(kills: int) -> Scenario:
    """Deaths at any moment, one or two at a time."""

    async def play(stage: Stage) -> None:
        await stage.start(WORKERS)
        await crash_at_random(stage, kills, pause_s=6.0)

    return Scenario("crashes at random", play)


def storms(moves: int) -> Scenario:
    """Joins, leaves and deaths that overlap."""

    async def play(stage: Stage) -> None:
        await stage.start(WORKERS)
        stage.member()
        await storm(stage, moves, pause_s=3.0)

    return Scenario("join and leave storm", play)


def zombies(count: int, workers: int = WORKERS) -> Scenario:
    """Sleepers that wake up too late."""

    async def play(stage: Stage) -> None:
        await stage.start(workers)
        await sleep_and_wake(stage, count)

    return Scenario("zombies", play)


def broker_deaths(kills: int) -> Scenario:
    """Brokers killed, then restarted in turn."""

    async def play(stage: Stage) -> None:
        await stage.start(2)
        await kill_brokers(stage, kills)
        await roll_brokers(stage)

    return Scenario("brokers", play)


def bad_network(rounds: int) -> Scenario:
    """Everything between worker and broker that is neither of both."""

    async def play(stage: Stage) -> None:
        lines = await stage.proxies(2)
        await stage.start(2, proxied=True)
        for number in range(rounds):
            victim = lines[number % 2]
            await cut(stage, victim, stage.rng.choice((0.1, 2.0, 9.0)))
            await stage.ready()
            await delay(stage, victim, 5.0, stage.rng.choice((0.02, 0.1, 0.3)))
            await hold_end(stage, victim, stage.rng.uniform(0.5, 8.0))
            await stage.ready()
            await freeze(stage, victim, stage.rng.choice((2.0, 9.0)))
            await stage.ready()
            await hold_end_until_given_up(stage, victim)
            await stage.ready()
            await hold_answer_until_given_up(stage, victim)
            await stage.ready()

    return Scenario("network", play)


def strangers(rounds: int) -> Scenario:
    """Other people's transactions, and a second process under one name."""

    async def play(stage: Stage) -> None:
        await stage.start(2, static=True)
        for number in range(rounds):
            await open_transaction(stage, stage.rng.uniform(2.0, 8.0), commit=number % 2 == 0)
            await same_instance(stage, stage.members[number % 2], f"worker-{number % 2}", 8.0)
            await stage.ready()

    return Scenario("strangers", play)


def damaged(count: int, workers: int = WORKERS) -> Scenario:
    """Directories that are not what they were."""

    async def play(stage: Stage) -> None:
        await stage.start(workers)
        await damage_directories(stage, count)

    return Scenario("damaged directories", play)


def a_little_of_everything() -> Scenario:
    """One fault of most kinds, for every run of the tests."""

    async def play(stage: Stage) -> None:
        lines = await stage.proxies(2)
        await stage.start(2, proxied=True)
        await crash_at_points(stage, 2, ("after-produce", "before-end-txn"))
        await sleep_once(stage, stage.members[0], "before-end-txn")
        await cut(stage, lines[0], 0.5)
        await open_transaction(stage, 1.0, commit=True)
        await hold_end(stage, lines[1], 1.0)
        await stage.ready()
        await damage_directories(stage, 2)

    return Scenario("a little of everything", play)


FULL = (
    points(45, static=True),
    points(45, static=False),
    random_crashes(100),
    storms(40),
    zombies(12),
    broker_deaths(10),
    bad_network(3),
    strangers(4),
    damaged(21),
)
BY_NAME = {scenario.name: scenario for scenario in FULL}
