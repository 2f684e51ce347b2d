"""`faust -A app replay`: sends the events of a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from faust.cli import argument, option

from app.application import app
from app.commands.console import ConsoleCommand
from app.commands.sending import Sending, send
from app.settings import Refused
from app.simulator.event_file import BadLine, read
from app.simulator.outgoing import Outgoing


@app.command(
    argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)),
    option(
        "--speed",
        type=click.FloatRange(0, min_open=True),
        help="How many times as fast as the timestamps in the file; all at once by default.",
    ),
    base=ConsoleCommand,
)
async def replay(self: ConsoleCommand, file: Path, speed: float | None) -> int:
    """Send the events of FILE: a line {"topic", "key", "value", "timestamp"} each, plain or gzip.

    The records' timestamps are the time of sending; the file's only set the pace."""
    lines = _Lines(file, paced=speed is not None)
    sending = Sending(
        f"replaying {file.name}",
        lines.records(),
        total=lines.size,
        done=lambda _count: lines.bytes_read,
        speed=speed or 1.0,
        counted=False,
    )
    try:
        return await send(app.settings, sending)
    except BadLine as bad:
        raise Refused(f"{file.name}, {bad}; {lines.sent:,} events before it were sent") from None


class _Lines:
    """The file's records, and how far they are read."""

    def __init__(self, file: Path, *, paced: bool) -> None:
        self._file = file
        self._paced = paced
        self.size = file.stat().st_size
        self.bytes_read = 0
        self.sent = 0

    def records(self) -> Iterator[Outgoing]:
        for line in read(self._file):
            self.bytes_read = line.read
            yield line.record if self._paced else line.record._replace(due=None)
            self.sent += 1


__all__: list[Any] = ["replay"]
