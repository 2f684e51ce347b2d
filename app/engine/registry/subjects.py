"""Our subjects in a registry: registered, checked, listed."""

from typing import NamedTuple

import orjson

from app.engine.registry.client import RegistryClient, RegistryRefused
from app.settings import Refused
from schemas.bundled import BUNDLED, SUBJECTS, schema_text

LEVEL = "BACKWARD_TRANSITIVE"


class Finding(NamedTuple):
    """What was found of a subject (version None) or of one of our versions of it; an empty problem: all is well."""

    subject: str
    version: int | None
    said: str
    problem: str = ""


class Listed(NamedTuple):
    """A version the registry has; level is the subject's own compatibility level."""

    subject: str
    version: int
    id: int
    ours: bool
    level: str | None


async def register(client: RegistryClient) -> list[Finding]:
    """Set each subject's level and add our versions that are missing, in order; raises RegistryDown."""
    findings = []
    for subject, schema_ids in SUBJECTS.items():
        await client.set_level(subject, LEVEL)
        for number, schema_id in enumerate(schema_ids, 1):
            text = schema_text(schema_id)
            known = await client.lookup(subject, text)
            if known is not None:
                findings.append(Finding(subject, number, f"id {known.id}, was there"))
                continue
            try:
                given = await client.register(subject, text)
            except RegistryRefused as refused:
                # Someone else, or an earlier try of ours that was answered too late, may have registered it meanwhile.
                known = await client.lookup(subject, text)
                problem = "" if known is not None else f"refused: {refused}"
                findings.append(Finding(subject, number, "" if known is None else f"id {known.id}, was there", problem))
            else:
                findings.append(Finding(subject, number, f"id {given}, registered"))
    return findings


async def check(client: RegistryClient) -> list[Finding]:
    """What differs from what register would leave; raises RegistryDown."""
    findings = []
    for subject, schema_ids in SUBJECTS.items():
        level = await client.level(subject)
        problem = "" if level == LEVEL else f"compatibility is {level or 'not set'}, must be {LEVEL}"
        findings.append(Finding(subject, None, f"compatibility is {LEVEL}", problem))
        for number, schema_id in enumerate(schema_ids, 1):
            findings.append(await _checked(client, subject, number, schema_text(schema_id)))
    return findings


async def _checked(client: RegistryClient, subject: str, number: int, text: str) -> Finding:
    known = await client.lookup(subject, text)
    if known is not None:
        return Finding(subject, number, f"id {known.id}")
    why = await client.incompatibility(subject, text)
    return Finding(subject, number, "", "missing" if why is None else f"missing, and incompatible: {why}")


async def ids(client: RegistryClient) -> dict[int, int]:
    """By bundled id the one the registry has for the same schema; raises RegistryDown, Refused where one is missing."""
    found = {}
    for subject, schema_ids in SUBJECTS.items():
        for schema_id in schema_ids:
            known = await client.lookup(subject, schema_text(schema_id))
            if known is None:
                raise Refused(f"{subject} is not registered; `faust -A app schemas register` does it")
            found[schema_id] = known.id
    return found


async def listed(client: RegistryClient) -> list[Listed]:
    """Every version of our subjects, strangers' newer ones too; raises RegistryDown."""
    rows = []
    for subject, schema_ids in SUBJECTS.items():
        level = await client.level(subject)
        ours = [BUNDLED[schema_id] for schema_id in schema_ids]
        rows += [
            Listed(subject, version.version, version.id, _parsed(version.text) in ours, level)
            for version in await client.versions(subject)
        ]
    return rows


def _parsed(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
