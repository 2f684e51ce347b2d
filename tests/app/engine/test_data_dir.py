import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.data_dir import STATE_VERSION, DataDir
from app.settings import Refused


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


def test_one_worker_a_directory(path: Path) -> None:
    first = DataDir(path).claim()
    assert DataDir(path).in_use()
    with pytest.raises(Refused, match=r"is in use by the worker with process id \d+"):
        DataDir(path).claim()
    first.close()
    first.close()
    assert not DataDir(path).in_use()
    DataDir(path).claim().close()


def test_a_worker_that_died_holds_nothing(path: Path) -> None:
    claim = (
        f"from app.engine.data_dir import DataDir; from pathlib import Path; d = DataDir(Path({str(path)!r})).claim()"
    )
    dying = f"{claim}; import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", dying], check=False).returncode == -9
    DataDir(path).claim().close()


@pytest.mark.parametrize("found", [str(STATE_VERSION + 1), "0", "", "garbage"])
def test_state_of_another_version_is_refused_and_kept(path: Path, found: str) -> None:
    DataDir(path).claim().close()
    (path / "state" / "row").write_text("precious")
    (path / "version").write_text(found)
    with pytest.raises(Refused, match="state of another app version"):
        DataDir(path).claim()
    assert (path / "state" / "row").read_text() == "precious"
    assert not DataDir(path).in_use()


def test_state_without_a_version_is_refused(path: Path) -> None:
    (path / "state").mkdir(parents=True)
    (path / "state" / "row").write_text("precious")
    with pytest.raises(Refused, match="an unknown version"):
        DataDir(path).claim()


def test_a_path_that_can_be_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="can't be used: "):
        DataDir(tmp_path / "file").claim()


def test_emptying_leaves_nothing_that_belongs_to_the_last_broker(path: Path) -> None:
    data_dir = DataDir(path).claim()
    for name in ("state/row", "broker", "in-work", "in-work-beside", "deaths", "notes"):
        (path / name).write_text("x")
    data_dir.empty()
    assert sorted(file.name for file in path.iterdir()) == ["lock", "notes", "state", "version"]
    assert list(data_dir.state.iterdir()) == []
    data_dir.close()
