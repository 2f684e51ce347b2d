"""The program's commands as users run them, beside running workers."""

import os
import subprocess
import sys

from tests.broker.workers import ROOT


def verify(bootstrap: str, *, expected: int, **settings: str) -> str:
    """What `faust -A app verify` prints; its exit status must be the expected one. Settings without their prefix."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STAYSHELF_")}
    settings = {"BROKER": f"kafka://{bootstrap}", "REPLICATION_FACTOR": "1", **settings}
    told = {f"STAYSHELF_{name}": value for name, value in settings.items()}
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
