"""The data set's rows, as published: text in, one Stay a row out, nothing left out and nothing repaired."""

import csv
import datetime
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

EPOCH = datetime.date(1970, 1, 1)
ADULTS_A_ROOM = 4
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Stay(NamedTuple):
    """One row; days since 1970, amount for the whole stay in EUR, nights may be 0 and amount negative."""

    number: int
    agent: str
    room_type: str
    rooms: int
    country: str
    arrival: int
    nights: int
    amount: float
    lead_days: int
    waiting_days: int
    changes: int
    in_group: bool
    deposit: str
    cancelled: bool
    ended: int


def read(path: Path) -> Iterator[Stay]:
    """Every row of the gzipped CSV; numbers start at 1."""
    with gzip.open(path) as packed:
        for number, row in enumerate(csv.DictReader(io.TextIOWrapper(packed, "utf-8")), 1):
            yield _stay(number, row)


def _stay(number: int, row: dict[str, str]) -> Stay:
    nights = int(row["stays_in_weekend_nights"]) + int(row["stays_in_week_nights"])
    month = MONTHS.index(row["arrival_date_month"]) + 1
    arrival = datetime.date(int(row["arrival_date_year"]), month, int(row["arrival_date_day_of_month"]))
    return Stay(
        number=number,
        agent=row["agent"].strip(),
        room_type=row["reserved_room_type"].strip(),
        rooms=max(-(-int(row["adults"]) // ADULTS_A_ROOM), 1),
        country=row["country"].strip(),
        arrival=(arrival - EPOCH).days,
        nights=nights,
        amount=round(float(row["adr"]) * nights, 2),
        lead_days=int(row["lead_time"]),
        waiting_days=int(row["days_in_waiting_list"]),
        changes=int(row["booking_changes"]),
        in_group=row["market_segment"] == "Groups",
        deposit=row["deposit_type"],
        cancelled=row["is_canceled"] == "1",
        ended=(datetime.date.fromisoformat(row["reservation_status_date"]) - EPOCH).days,
    )
