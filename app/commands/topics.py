"""`faust -A app topics`: creates the topics of the catalogue, or only checks them."""

import click
from faust.cli import option

from app.application import app
from app.commands.console import ConsoleCommand, say
from app.engine.connection import client_options
from app.engine.topic_admin import create_missing, differences, reached
from app.engine.topic_specs import DAY_MS, SPECS, TopicSpec


@app.command(
    option("--check", is_flag=True, default=False, help="Create nothing; exit 1 if anything is missing or differs."),
    base=ConsoleCommand,
)
async def topics(self: ConsoleCommand, check: bool) -> int:
    """Create the topics that are missing; report where existing ones differ, and leave those alone."""
    settings = app.settings
    async with reached(client_options(settings), say) as admin:
        created = () if check else await create_missing(admin, settings, SPECS)
        for spec in created:
            click.echo(f"created  {_text(spec)}")
        found = await differences(admin, settings, SPECS)
    for difference in found:
        click.echo(f"differs  {difference}")
    differing = len({difference.topic for difference in found})
    click.echo(f"{len(SPECS)} topics: {len(created)} created, {differing} differing")
    return 1 if check and found else 0


def _text(spec: TopicSpec) -> str:
    kept = "compacted" if spec.retention_ms is None else f"kept {spec.retention_ms // DAY_MS} days"
    return f"{spec.name:30} {spec.partitions:2} partitions, {kept}: {spec.help}"
