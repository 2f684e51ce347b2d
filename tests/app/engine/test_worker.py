import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.worker import Worker, _worker_id
from app.settings import Refused, Settings


def check(port: int, bind: str = "127.0.0.1", **settings: Any) -> None:
    conf = SimpleNamespace(web_bind=bind, web_port=port)
    app = SimpleNamespace(conf=conf, settings=Settings(_env_file=None, **settings))
    worker = Worker.__new__(Worker)
    worker.app = app
    worker._check_settings()


def test_an_id_stays_with_its_directory(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    first = _worker_id(tmp_path / "one")
    assert len(first) == 32
    assert _worker_id(tmp_path / "one") == first != _worker_id(tmp_path / "other")


def test_a_port_in_use_is_refused_by_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"STAYSHELF_WEB_PORT: 127.0.0.1:{port} can't be used"):
            check(port)
    check(port)


def test_an_open_api_for_everyone_is_refused() -> None:
    with pytest.raises(Refused, match="STAYSHELF_API_TOKENS"):
        check(0, bind="0.0.0.0")
    check(0, bind="0.0.0.0", api_open=True)
    check(0, bind="0.0.0.0", api_tokens="secret")
