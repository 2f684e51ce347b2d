"""What of a worker's log is a problem."""

import re

from tests.chaos.fleet import wrong_lines

ALLOWED = re.compile("Heartbeat|StoreDamaged")


def wrong(*lines: str) -> list[str]:
    return list(wrong_lines(lines, ALLOWED))


def test_errors_and_tracebacks_are_wrong_unless_they_belong_to_a_fault() -> None:
    lines = [
        "[12:00] [ERROR] Heartbeat expired",
        "[12:00] [ERROR] something else",
        "Traceback (most recent call last):",
    ]
    assert wrong("[12:00] [INFO] fine", "[12:00] [WARNING] odd", lines[0]) == []
    assert wrong(*lines) == lines[1:]


def test_a_traceback_that_an_allowed_error_announces_is_allowed_once() -> None:
    crash, traceback = "[12:00] [ERROR] Crashed reason=StoreDamaged()", "Traceback (most recent call last):"
    assert wrong(crash, "mismatch')", traceback, "  File ...") == []
    assert wrong(crash, traceback, "  File ...", traceback) == [traceback]
    assert wrong(crash, "[12:01] [INFO] later", traceback) == [traceback]
    assert wrong(traceback) == [traceback]
