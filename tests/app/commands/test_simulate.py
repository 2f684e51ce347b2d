import time

import click
import pytest

from app.commands.simulate import Moment
from app.settings import Settings
from app.simulator.scenario import Scenario, Shares
from tests.app.records import records_of, run


async def test_the_scenario_reaches_the_topics_at_its_rate(embedded: Settings) -> None:
    options = "--rate 400 --seconds 1 --seed 9 --start 1750000000000 --duplicates 0.1 --late 0.1 --poison 0.1"
    before = time.time()
    done = run(embedded.data_dir, "simulate", *options.split())
    assert time.time() - before >= 1
    assert "400/400" in done.stderr
    assert done.stdout.startswith("sent 400 events in ")
    scenario = Scenario(9, start=1_750_000_000_000, rate=400, shares=Shares(0.1, 0.1, 0.1))
    wanted = sorted(repr(record[:3]) for record in scenario.records(400))
    found = await records_of(embedded, ["booking-events", "inventory-events", "payment-events"])
    assert sorted(repr((record.topic, record.key, record.value)) for record in found) == wanted
    assert all(record.timestamp >= before * 1_000 for record in found)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--duplicates 0.6 --poison 0.6", "stayshelf: --duplicates and --poison together must not be over 1"),
        ("--start 2098-01-01", "stayshelf: --start: more than 10 minutes ahead, where events would be poison"),
        ("--start 9999999999999", "stayshelf: --start: the events must occur in 1970..2100"),
        ("--start soon", "Error: Invalid value for '--start': 'soon' is neither"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(embedded: Settings, options: str, line: str) -> None:
    done = run(embedded.data_dir, "simulate", *options.split(), expected=2)
    assert done.stderr.splitlines()[-1].startswith(line)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1712123100000", 1_712_123_100_000),
        ("2026-01-31T12:00:00Z", 1_769_860_800_000),
        ("2026-01-31T12:00:00", 1_769_860_800_000),
        ("2026-01-31T13:00:00+01:00", 1_769_860_800_000),
        ("1970-01-01", 0),
    ],
)
def test_times(text: str, milliseconds: int) -> None:
    assert Moment().convert(text, None, None) == milliseconds
    with pytest.raises(click.BadParameter):
        Moment().convert("", None, None)
