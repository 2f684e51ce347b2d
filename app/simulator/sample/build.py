"""Writes events.jsonl.gz, the bundled sample: `python -m app.simulator.sample.build`. The same bytes each time."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import click

from app.simulator.encoding import INVENTORY, day_number
from app.simulator.event_file import write
from app.simulator.resort.happening import DAY, Happening, in_order, lines
from app.simulator.resort.log import events_of
from app.simulator.resort.rows import read
from app.simulator.stores import Stores

HERE = Path(__file__).parent
BOOKINGS_FILE = HERE / "hotel_bookings_resort.csv.gz"
SAMPLE_FILE = HERE / "events.jsonl.gz"
ARRIVALS = range(day_number("2016-07-01"), day_number("2016-09-01"))
STORE_DAYS = range(day_number("2016-06-01"), day_number("2016-09-01"))
MOVEMENTS = 12_000
OPEN_FROM, OPEN_TO = 8, 22  # o'clock


def sample_events() -> list[Happening]:
    """Every booking that arrives in two summer months, its payments, its hotels, and a season of store movements."""
    stays = [stay for stay in read(BOOKINGS_FILE) if stay.arrival in ARRIVALS]
    return in_order([*events_of(stays), *_store_movements()])


def _store_movements() -> Iterator[Happening]:
    rng = Random(2016)
    hours = [
        day * DAY + int((OPEN_FROM + (OPEN_TO - OPEN_FROM) * rng.random()) * DAY / 24)
        for day in rng.choices(STORE_DAYS, k=MOVEMENTS)
    ]
    stores = Stores(rng)
    for number, at in enumerate(sorted(hours)):
        yield Happening(at, INVENTORY, stores.next(f"sample-{number}", at))


if __name__ == "__main__":
    count = write(SAMPLE_FILE, lines(sample_events()))
    click.echo(f"{count:,} events, {SAMPLE_FILE.stat().st_size:,} bytes")
