"""`faust -A app verify`: recomputes every table from the source topics, and compares."""

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.application import app
from app.commands.console import ConsoleCommand, say
from app.commands.progress import bar
from app.engine.connection import client_options
from app.engine.topic_admin import topics_ready
from app.engine.topic_specs import SPECS
from app.simulator.verification.audit import Audit, Tables
from app.simulator.verification.reading import Reader
from app.simulator.verification.report import STRAYS_NAMED, Report
from app.simulator.verification.writer_schemas import WriterSchemas
from tables.availability import availability
from tables.bookings import bookings
from tables.payments import payments
from tables.stock import stock
from tables.windows import ALL

DIFFERENCES_SHOWN = 200
WIDE = 240  # columns where nobody's terminal says


@app.command(base=ConsoleCommand)
async def verify(self: ConsoleCommand) -> int:
    """Recompute every table from the source topics and compare with the changelogs; exit 1 on a difference.

    Dead letters are taken as given. Workers may run meanwhile: everything is compared as of the start."""
    options = client_options(app.settings)
    passed = 0

    def advance(offsets: int) -> None:
        nonlocal passed
        passed += offsets
        show(passed)

    show: Any = lambda _passed: None  # noqa: E731
    async with (
        topics_ready(app.settings, SPECS, options=options, say=say) as admin,
        Reader(options, admin, advance=advance) as reader,
        WriterSchemas(app.settings.schema_registry) as schemas,
    ):
        audit = Audit(reader, Tables(stock, availability, bookings, payments, ALL), schemas)
        total = await audit.prepare()
        with bar("verifying", total) as show:
            await audit.run()
            show(total)
    _print(audit.report)
    return 1 if audit.report.differences else 0


def _print(report: Report) -> None:
    for (topic, partition), first in sorted(report.late_starts.items()):
        click.echo(f"{topic}, partition {partition}, starts at {first}: only rows first seen since are checked")
    strays = sorted(report.strays.items())
    for (topic, partition, key), belongs in strays[:STRAYS_NAMED]:
        name = key.decode("utf-8", "backslashreplace")
        click.echo(f"{topic}, partition {partition}: key {name} belongs into partition {belongs}")
    if len(strays) > STRAYS_NAMED:
        click.echo(f"{len(strays) - STRAYS_NAMED:,} more keys are in a wrong partition")
    if report.differences:
        _print_differences(report)
    rows = ", ".join(f"{table} {count:,}" for table, count in sorted(report.compared.items())) or "none"
    left_out = f"; {report.left_out.total():,} rows not checked" if report.left_out else ""
    click.echo(f"rows compared: {rows}{left_out}; differences: {len(report.differences):,}")


def _print_differences(report: Report) -> None:
    table = Table("table", "partition", "key", "difference")
    for each in report.differences[:DIFFERENCES_SHOWN]:
        table.add_row(each.table, str(each.partition), each.key, each.what)
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)
    console.print(table)
    if len(report.differences) > DIFFERENCES_SHOWN:
        click.echo(f"{len(report.differences) - DIFFERENCES_SHOWN:,} more differences")
