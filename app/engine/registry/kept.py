"""Schemas on disk, so that a worker that starts while the registry is down reads what it has read before.

An id means the same schema for ever, but in one registry only: the folder is named by the registry's address.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

FILES_MAX = 1_000


class KeptSchemas:
    """Texts by schema id, and the ids of the schemas we write with; what can't be read or written is done without."""

    def __init__(self, directory: Path, registry: str) -> None:
        self._directory = directory / "schemas" / hashlib.sha256(registry.encode()).hexdigest()[:16]

    def schemas(self) -> Iterator[tuple[int, str]]:
        """All texts, the oldest first."""
        for file in self._files():
            if file.stem.isascii() and file.stem.isdigit() and (text := _read(file)) is not None:
                yield int(file.stem), text

    def keep(self, schema_id: int, text: str) -> None:
        """Keep a text; beyond FILES_MAX the oldest go."""
        self._write(self._directory / f"{schema_id}.avsc", text)
        for file in self._files()[:-FILES_MAX]:
            file.unlink(missing_ok=True)

    def output(self, subject: str, text: str) -> int | None:
        """The id under which we write a schema, or None."""
        found = _read(self._output(subject, text)) or ""
        return int(found) if found.isascii() and found.isdigit() else None

    def keep_output(self, subject: str, text: str, schema_id: int) -> None:
        """Keep the id under which we write a schema."""
        self._write(self._output(subject, text), str(schema_id))

    def _output(self, subject: str, text: str) -> Path:
        return self._directory / f"{subject}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.id"

    def _files(self) -> list[Path]:
        try:
            return sorted(self._directory.glob("*.avsc"), key=lambda file: file.stat().st_mtime_ns)
        except OSError:
            return []

    def _write(self, file: Path, text: str) -> None:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(".new")
            unfinished.write_text(text, "utf-8")
            os.replace(unfinished, file)
        except (OSError, UnicodeError):
            pass  # a full disk costs a question after the next start, nothing now


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeError):
        return None
