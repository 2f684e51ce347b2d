"""The project's own rules on how its code looks: length, width, names, and a twin test for every module."""

import ast
import gc
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("app", "agents", "tables", "schemas")
FUNCTION_LINES_MAX = 40
FILE_LINES_MAX = 250
AGENT_LINES_MAX = 80
PARAMETERS_MAX = 5
POSITIONAL_MAX = 3  # with self or cls: keyword-only past two of its own
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
#: Modules that only wire others together or run them, and are tested by what they start.
WITHOUT_TWIN = re.compile(r"(^|/)(__init__|__main__)\.py$|^app/application\.py$|^app/commands/|^app/topics\.py$")


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(ROOT / name for name in set(listed) if (ROOT / name).is_file())


MODULES = [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in CODE]
PYTHON = tracked("*.py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """What is collected meanwhile may log a traceback, which parses too: CPython 3.11 can't have that (gh-106905)."""
    gc.disable()
    try:
        return ast.parse(path.read_text("utf-8"))
    finally:
        gc.enable()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_file_is_read_in_one_go(path: Path) -> None:
    most = AGENT_LINES_MAX if name(path).startswith("agents/") else FILE_LINES_MAX
    assert len(path.read_text("utf-8").splitlines()) <= most


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_function_fits_a_screen_and_takes_few_parameters(path: Path) -> None:
    for function in functions(path):
        where, takes = f"{name(path)}:{function.lineno} {function.name}", function.args
        assert (function.end_lineno or 0) - function.lineno < FUNCTION_LINES_MAX, where
        own = [a for a in (*takes.posonlyargs, *takes.args) if a.arg not in {"self", "cls"}]
        assert len(own) + len(takes.kwonlyargs) <= PARAMETERS_MAX, where


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_name_says_what_a_module_is_about(path: Path) -> None:
    parts = {part.removesuffix(".py").removeprefix("test_") for part in path.relative_to(ROOT).parts}
    assert not parts & REFUSED_NAMES


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_it_is_about(path: Path) -> None:
    tree = parsed(path)
    assert not tree.body or ast.get_docstring(tree)


@pytest.mark.parametrize("path", [path for path in MODULES if not WITHOUT_TWIN.search(name(path))], ids=name)
def test_every_module_has_its_twin(path: Path) -> None:
    twin = ROOT / "tests" / path.relative_to(ROOT).with_name(f"test_{path.name}")
    assert twin.exists(), f"{name(twin)} is missing"


def test_only_settings_read_the_environment() -> None:
    reads = re.compile(r"os\.environ|os\.getenv|getenv\(")
    allowed = {"app/settings.py", "app/engine/embedded.py", "app/commands/demo.py"}
    assert {name(path) for path in MODULES if reads.search(path.read_text("utf-8"))} <= allowed


def test_nothing_of_one_machine_is_committed() -> None:
    places, indexes = r"(?<![\w./-])/(?:home|work|root|farm|Users)/\w", r"(?:pypi|pythonhosted|repo1?\.maven)\.\w"
    machine = re.compile(f"{places}|{indexes}", re.IGNORECASE)
    texts = [path for path in tracked() if path.suffix not in {".gz", ".png", ".ico"} and path != Path(__file__)]
    assert [name(path) for path in texts if machine.search(path.read_text("utf-8", "replace"))] == []


def test_locks_name_hashes_and_no_addresses() -> None:
    for path in tracked("*.lock"):
        lines = path.read_text("utf-8").splitlines()
        pins = [line for line in lines if re.match(r"[A-Za-z0-9]", line)]
        assert pins
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+==\S+( ; .+)? \\", line) for line in pins)
        assert not any("://" in line for line in lines)


def test_agents_catch_nothing() -> None:
    for path in tracked("agents/*.py"):
        assert not [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Try)], name(path)
