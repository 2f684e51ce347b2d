"""A stay for the tests of its events, to be changed by name."""

from app.simulator.resort.rows import Stay

STAY = Stay(
    number=1,
    agent="240",
    room_type="A",
    rooms=1,
    country="PRT",
    arrival=17_000,
    nights=3,
    amount=300.0,
    lead_days=30,
    waiting_days=0,
    changes=0,
    in_group=False,
    deposit="No Deposit",
    cancelled=False,
    ended=17_003,
)
