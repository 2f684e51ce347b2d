"""What a disk may do to a partition's directory while its worker is away."""

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.chaos.fleet import Member, topology
from tests.chaos.journal import Fault
from tests.chaos.stage import Stage

FLIPPED = 16  # bytes in a row
FOUND_SECONDS = 30.0


def _sst(directory: Path, rng: Random) -> Path:
    return rng.choice(sorted(directory.glob("*.sst")))


def flip_bytes(directory: Path, rng: Random) -> str:
    """Some bytes of a table file are other ones."""
    file = _sst(directory, rng)
    content = bytearray(file.read_bytes())
    at = rng.randrange(max(len(content) // 2 - FLIPPED, 1))  # rows come first, the file's own index last
    content[at : at + FLIPPED] = bytes(each ^ 0xFF for each in content[at : at + FLIPPED])
    file.write_bytes(content)
    return f"{FLIPPED} bytes of {file.name} flipped at {at}"


def truncate_table(directory: Path, rng: Random) -> str:
    """A table file ends early."""
    file = _sst(directory, rng)
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.truncate(size * 2 // 3)
    return f"{file.name} cut from {size} to {size * 2 // 3} bytes"


def remove_table(directory: Path, rng: Random) -> str:
    """A table file is gone."""
    file = _sst(directory, rng)
    file.unlink()
    return f"{file.name} removed"


def remove_current(directory: Path, _rng: Random) -> str:
    """Nothing says which manifest counts."""
    (directory / "CURRENT").unlink()
    return "CURRENT removed"


def remove_manifest(directory: Path, _rng: Random) -> str:
    """Nothing says which table files count."""
    gone = sorted(directory.glob("MANIFEST-*"))
    for file in gone:
        file.unlink()
    return f"{gone[-1].name} removed"


def truncate_manifest(directory: Path, _rng: Random) -> str:
    """The list of table files ends early."""
    file = max(directory.glob("MANIFEST-*"))
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.truncate(size // 2)
    return f"{file.name} cut from {size} to {size // 2} bytes"


def another_partition(directory: Path, rng: Random) -> str:
    """The directory of another partition of the same group."""
    group = directory.name.rpartition("-")[0]
    others = [each for each in sorted(directory.parent.glob(f"{group}-*")) if each != directory and _has_rows(each)]
    other = rng.choice(others)
    shutil.rmtree(directory)
    shutil.copytree(other, directory)
    return f"replaced by {other.name}"


FLIPPED_BYTES = "flipped bytes"
DAMAGES: dict[str, Callable[[Path, Random], str]] = {
    FLIPPED_BYTES: flip_bytes,
    "cut table": truncate_table,
    "removed table": remove_table,
    "removed CURRENT": remove_current,
    "removed MANIFEST": remove_manifest,
    "cut MANIFEST": truncate_manifest,
    "another partition's": another_partition,
}


def _has_rows(directory: Path) -> bool:
    return any(directory.glob("*.sst")) and any(directory.glob("MANIFEST-*"))


async def damage_and_restart(stage: Stage, member: Member, kinds: list[str]) -> None:
    """kill -9, damage a directory in use for each kind, start again: the worker must find each where it opens it."""
    held = {f"{copy['group']}-{copy['partition']}" for copy in (await topology(member.worker)).copies}
    with stage.journal.fault("kill before damage") as fault:
        fault.evidence = member.kill()
    directories = sorted((member.worker.data_dir / "state").iterdir())
    whole = [each for each in directories if each.name in held and _has_rows(each)]
    done: list[tuple[Fault, str, str]] = []
    for kind in kinds[: len(whole)]:
        directory = whole.pop(stage.rng.randrange(len(whole)))
        with stage.journal.fault(f"damage: {kind}") as fault:
            what = DAMAGES[kind](directory, stage.rng)
            # Found when it is opened or read, which may be after the end: settling proves that it would be.
            stage.damaged.add(f"{member.name}/{directory.name}")
            if kind == FLIPPED_BYTES:
                fault.evidence = f"{directory.name}: {what}"
            done.append((fault, directory.name, what))
    said_before = member.worker.log.stat().st_size
    member.start()
    await stage.ready()
    await _found(member, said_before, done)


async def _found(member: Member, said_before: int, done: list[tuple[Fault, str, str]]) -> None:
    """Wait until the worker has said of each directory that it is damaged; what it says is the evidence."""
    deadline = time.monotonic() + FOUND_SECONDS
    left = done
    while left and time.monotonic() < deadline:
        said = member.worker.log.read_bytes()[said_before:].decode("utf-8", "replace")
        for fault, name, what in left:
            if line := re.search(rf"{name} can't be trusted \(([^)]*)\)", said):
                fault.evidence = f"{name}: {what}; found: {line[1]}"
        left = [each for each in left if not each[0].is_effective]
        if not left:
            return
        await asyncio.sleep(0.2)


async def damage_directories(stage: Stage, count: int) -> None:
    """Rounds over all workers until there were enough damaged directories."""
    left = [kind for _ in range(count) for kind in DAMAGES][:count]
    while left:
        for member in stage.members:
            if not left:
                return
            # Only a worker that ends in peace leaves table files behind: the changelog is the log of what it has.
            await member.terminate()
            member.start()
            await stage.ready()
            now, left = left[:3], left[3:]
            await damage_and_restart(stage, member, now)
