"""`faust -A app simulate`: seeded traffic on all three topics."""

import datetime
import time
from typing import Any

import click
from faust.cli import option

from app.application import app
from app.commands.console import ConsoleCommand
from app.commands.sending import Sending, send
from app.settings import Refused
from app.simulator.scenario import Scenario, Shares

AHEAD = 10 * 60 * 1_000  # rule 7: an event further ahead of its record is poison
END = 4_133_980_800_000  # 2101-01-01
SHARE = click.FloatRange(0, 1)


class Moment(click.ParamType):
    """A time as epoch milliseconds, or in ISO 8601, in UTC unless it says otherwise."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Epoch milliseconds."""
        if isinstance(value, int):
            return value
        if value.isascii() and value.isdigit():
            return int(value)
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither epoch milliseconds nor like 2026-01-31T12:00:00Z", param, ctx)
        return int(moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp() * 1_000)


@app.command(
    option("--rate", type=click.FloatRange(0.001, 1_000_000), default=100, show_default=True, help="Events a second."),
    option("--seconds", type=click.FloatRange(0.001), default=60, show_default=True, help="For how long."),
    option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same events."),
    option("--start", type=Moment(), help="occurredAt of the first event; now by default."),
    option("--duplicates", type=SHARE, default=0, help="Share of events that are sent a second time."),
    option("--late", type=SHARE, default=0, help="Share of events that occurred minutes to days before."),
    option("--poison", type=SHARE, default=0, help="Share of events that can't be applied, for every reason."),
    base=ConsoleCommand,
)
async def simulate(self: ConsoleCommand, rate: float, seconds: float, **drawn: Any) -> int:
    """Send seeded traffic on all three topics: stores, hotels, bookings and their payments."""
    shares = Shares(drawn["duplicates"], drawn["late"], drawn["poison"])
    if shares.duplicates + shares.poison > 1:
        raise Refused("--duplicates and --poison together must not be over 1")
    now = int(time.time() * 1_000)
    start = now if drawn["start"] is None else drawn["start"]
    last = start + int(seconds * 1_000)
    if not 0 <= start <= last < END:
        raise Refused("--start: the events must occur in 1970..2100")
    if start > now + AHEAD:
        raise Refused("--start: more than 10 minutes ahead, where events would be poison; name an earlier time")
    count = max(round(rate * seconds), 1)
    records = Scenario(drawn["seed"], start=start, rate=rate, shares=shares).records(count)
    return await send(app.settings, Sending("simulating", records, count, done=float))
