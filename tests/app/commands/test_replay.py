from pathlib import Path

from app.settings import Settings
from app.simulator.event_file import write
from tests.app.records import records_of, run

LINES = [
    {"topic": "payment-events", "key": f"P{number}", "value": {"paymentId": f"P{number}"}, "timestamp": 1_000 * number}
    for number in range(4)
]


async def test_a_file_reaches_the_topics_at_its_pace(embedded: Settings, tmp_path: Path) -> None:
    write(tmp_path / "events.gz", LINES)
    done = run(embedded.data_dir, "replay", str(tmp_path / "events.gz"), "--speed", "2")
    assert "100%" in done.stderr
    assert done.stdout.startswith("sent 4 events in 1.5 s")
    found = await records_of(embedded, ["payment-events"])
    assert {(record.key, record.value) for record in found} == {
        (b"P%d" % number, b'{"paymentId":"P%d"}' % number) for number in range(4)
    }


async def test_a_bad_line_ends_the_replay_with_its_number(embedded: Settings, tmp_path: Path) -> None:
    write(tmp_path / "events.gz", [*LINES, {"topic": "elsewhere", "key": "k", "value": {}}])
    done = run(embedded.data_dir, "replay", str(tmp_path / "events.gz"), expected=2)
    assert done.stderr.splitlines()[-1] == (
        "stayshelf: events.gz, line 5: topic must be one of booking-events, inventory-events, payment-events; "
        "4 events before it were sent"
    )
    assert len(await records_of(embedded, ["payment-events"])) == 4


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "replay", str(tmp_path / "none.gz"), expected=2)
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr
