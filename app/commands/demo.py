"""What `make run` does: a worker with the embedded broker, the bundled sample sent to it, until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path

from app.engine.embedded import answers, broker_address
from app.settings import EMBEDDED, PREFIX, Refused, Settings, load, refuse

WITHIN = 60.0  # seconds
LOOK_EVERY = 0.05
STOP_WITHIN = 20.0
FAUST = (str(Path(sys.executable).with_name("faust")), "-A", "app")
SAMPLE = Path(__file__).parents[1] / "simulator" / "sample" / "events.jsonl.gz"
TRY = "/v1/overbooked?from=2016-07-01&to=2016-09-01"

Worker = subprocess.Popen[bytes]


def main() -> int:
    """Run until Ctrl-C or until the worker ends; the exit status, the worker's where it ended by itself."""
    os.environ[f"{PREFIX}BROKER"] = EMBEDDED
    settings = load()
    url = settings.url_of(settings.web_host, settings.web_port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Without a terminal Faust shows no spinner, which would run into the bar of the replay; stderr has what matters.
    worker = subprocess.Popen([*FAUST, "worker", "-l", "warn"], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        # The sample goes to the broker while the worker still joins its group.
        if _wait(worker, "the embedded broker", lambda: _has_broker(settings)):
            sent = subprocess.run([*FAUST, "replay", str(SAMPLE)], check=False)
            if sent.returncode == 0 and _wait(worker, "the worker", lambda: _is_ready(url)):
                _say(f"the dashboard is at {url}/ , an answer at '{url}{TRY}'; Ctrl-C ends everything")
                _show(f"{url}/")
        return worker.wait()
    except KeyboardInterrupt:
        _say("stopping")
        return 0
    finally:
        _stop(worker)


def _wait(worker: Worker, what: str, there: Callable[[], bool]) -> bool:
    """True as soon as it is there, False when the worker ended."""
    deadline = time.monotonic() + WITHIN
    while worker.poll() is None:
        if there():
            return True
        if time.monotonic() > deadline:
            refuse(f"{what} is not ready after {WITHIN:.0f} s")
        time.sleep(LOOK_EVERY)
    return False


def _has_broker(settings: Settings) -> bool:
    try:
        return answers(broker_address(settings))
    except Refused:
        return False


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=1.0) as answer:
            json.load(answer)
            return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _stop(worker: Worker) -> None:
    if worker.poll() is None:
        worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _show(url: str) -> None:
    """Open the page where somebody sits in front of a screen."""
    screen = sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if screen and sys.stderr.isatty() and "CI" not in os.environ:
        webbrowser.open(url)


def _say(line: str) -> None:
    sys.stderr.write(f"stayshelf: {line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
