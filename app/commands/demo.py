"""What `make run` does: a worker with the embedded broker, the bundled sample sent to it, until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from app.commands.console import say
from app.settings import EMBEDDED, PREFIX, load, refuse

READY_WITHIN = 60.0
FAUST = (str(Path(sys.executable).with_name("faust")), "-A", "app")
SAMPLE = Path(__file__).parents[1] / "simulator" / "sample" / "events.jsonl.gz"


def main() -> int:
    """Run until Ctrl-C or until the worker ends; the worker's exit status."""
    os.environ[f"{PREFIX}BROKER"] = EMBEDDED
    settings = load()
    url = settings.url_of(settings.web_host, settings.web_port)
    worker = subprocess.Popen([*FAUST, "worker", "-l", "warn"], start_new_session=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not _wait_until_ready(worker, url):
            return worker.wait()
        say(f"the dashboard is at {url}/ ; Ctrl-C ends everything")
        sent = subprocess.run([*FAUST, "replay", str(SAMPLE)], check=False)
        if sent.returncode == 0:
            say(f"the sample is sent; try {url}/v1/overbooked?from=2016-07-01&to=2016-09-01")
        return worker.wait()
    except KeyboardInterrupt:
        say("stopping")
        return 0
    finally:
        _stop(worker)


def _wait_until_ready(worker: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while worker.poll() is None:
        if _ready(url):
            return True
        if time.monotonic() > deadline:
            refuse(f"the worker is not ready after {READY_WITHIN:.0f} s")
        time.sleep(0.1)
    return False


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=1.0) as answer:
            json.load(answer)
            return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _stop(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(15)
    except subprocess.TimeoutExpired:
        worker.kill()


if __name__ == "__main__":
    raise SystemExit(main())
