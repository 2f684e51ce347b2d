"""`faust -A app schemas`: our schemas in the registry that STAYSHELF_SCHEMA_REGISTRY names."""

import click
from faust.cli import argument
from rich.console import Console
from rich.table import Table

from app.application import app
from app.commands.console import ConsoleCommand
from app.engine.registry.client import RegistryClient, RegistryDown, TooLarge
from app.engine.registry.patience import patiently
from app.engine.registry.subjects import Finding, Listed, check, listed, register
from app.settings import Refused

WIDE = 160  # columns where nobody's terminal says


@app.command(argument("action", type=click.Choice(["register", "check", "list"])), base=ConsoleCommand)
async def schemas(self: ConsoleCommand, action: str) -> int:
    """Register our schemas, check them, or list what the registry has for our topics.

    register sets BACKWARD_TRANSITIVE on each subject and adds the versions that are missing; what is there stays. check
    changes nothing and exits 1 where a schema is missing or incompatible, or another level is set.
    """
    url = app.settings.schema_registry
    if url == "bundled":
        raise Refused("STAYSHELF_SCHEMA_REGISTRY: bundled; name the registry's URL")
    client = RegistryClient(url)
    try:
        if action == "list":
            _print(await patiently(lambda: listed(client), every_s=1))
            return 0
        ask = register if action == "register" else check
        findings = await patiently(lambda: ask(client), every_s=1)
    except (RegistryDown, TooLarge) as error:
        raise Refused(f"STAYSHELF_SCHEMA_REGISTRY: {error}") from None
    finally:
        await client.close()
    for finding in findings:
        click.echo(_line(finding))
    return 1 if any(finding.problem for finding in findings) else 0


def _line(finding: Finding) -> str:
    said = "ok       " if not finding.problem else "differs  "
    version = "" if finding.version is None else f" version {finding.version}"
    return f"{said}{finding.subject}{version}: {finding.problem or finding.said}"


def _print(rows: list[Listed]) -> None:
    table = Table("subject", "version", "id", "ours", "compatibility")
    for row in rows:
        table.add_row(row.subject, str(row.version), str(row.id), "yes" if row.ours else "no", row.level or "-")
    console = Console()
    (console if console.is_terminal else Console(width=WIDE)).print(table)
