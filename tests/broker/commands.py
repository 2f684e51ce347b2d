"""The program's commands as users run them, beside running workers."""

import os
import subprocess
import sys

from tests.broker.workers import ROOT


def verify(bootstrap: str, *, expected: int) -> str:
    """What `faust -A app verify` prints; its exit status must be the expected one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STAYSHELF_")}
    told = {"STAYSHELF_BROKER": f"kafka://{bootstrap}", "STAYSHELF_REPLICATION_FACTOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "faust", "-A", "app", "verify"],
        cwd=ROOT,
        env=kept | told,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout
