"""How a command of ours runs in `faust -A app`: no worker around it, one line for what can't go on."""

import asyncio
import logging
import sys
from typing import Any, ClassVar, NoReturn

from faust.cli import AppCommand

from app.settings import Refused


class ConsoleCommand(AppCommand):  # type: ignore[misc]
    """Runs the command in an event loop of its own; run() returns the exit status, None for 0."""

    abstract: ClassVar[bool] = True

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run, turn Refused into one line and status 2, Ctrl-C into status 130."""
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # clients retry; the command says what matters
        try:
            status = asyncio.run(self.run(*self.args, *args, **self.kwargs, **kwargs))
        except Refused as refused:
            say(str(refused))
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        raise SystemExit(status or 0)


def say(line: str) -> None:
    """One line on stderr, beside whatever the command prints."""
    sys.stderr.write(f"stayshelf: {line}\n")
    sys.stderr.flush()
