"""Faust's worker, which first makes sure that it may start: directory, port, broker and topics, each with a clear
refusal."""

import gc
import logging
import socket
import uuid
from pathlib import Path
from typing import NoReturn

import faust

from app.engine.connection import client_options
from app.engine.data_dir import DataDir
from app.engine.embedded import EmbeddedBroker
from app.engine.topic_admin import ensure_topics
from app.engine.topic_specs import SPECS
from app.settings import Refused, refuse


class Worker(faust.Worker):  # type: ignore[misc]
    """Claims the data directory, starts the embedded broker, creates topics; then Faust runs the App."""

    def execute_from_commandline(self) -> NoReturn:  # type: ignore[misc]
        """Prepare, run until stopped, give everything back."""
        settings = self.app.settings
        data_dir = DataDir(settings.data_dir)
        broker: EmbeddedBroker | None = None
        try:
            self._check_settings()
            data_dir.claim()
            if settings.embedded:
                broker = EmbeddedBroker(data_dir).start()
            options = client_options(settings)
            self.loop.run_until_complete(ensure_topics(settings, SPECS, options=options, say=_say))
            self.app.engine.tasks.writer = f"stayshelf-{settings.instance_id or _worker_id(data_dir.path)}"
            self.app.engine.breaker.open(data_dir.path)
            calm_collector()
            _calm_libraries()
            super().execute_from_commandline()
        except Refused as refused:
            refuse(str(refused))
        finally:
            if broker is not None:
                broker.stop()
            data_dir.close()

    def _check_settings(self) -> None:
        conf = self.app.conf
        if refusal := self.app.settings.open_api_refusal(conf.web_bind):
            raise Refused(f"STAYSHELF_API_TOKENS: {refusal}")
        with socket.socket(socket.AF_INET6 if ":" in conf.web_bind else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((conf.web_bind, conf.web_port))
            except OSError as error:
                address = f"{conf.web_bind}:{conf.web_port}"
                reason = f"{address} can't be used: {error.strerror}"
                raise Refused(f"STAYSHELF_WEB_PORT: {reason}; name another one") from error


def _say(line: str) -> None:
    print(f"stayshelf: {line}", flush=True)


def _calm_libraries() -> None:
    """Faust leaves the root logger at DEBUG and filters late: libraries would make log records for nobody."""
    for name in ("aiokafka", "asyncio", "faust", "kafka", "mode"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger(name).level))


def _worker_id(directory: Path) -> str:
    """An id that stays with the data directory: a worker that comes back ends what it left open in Kafka."""
    file = directory / "worker-id"
    if not file.exists():
        file.write_text(uuid.uuid4().hex)
    return file.read_text().strip()


def calm_collector() -> None:
    """Look for garbage cycles rarely: events and rows make none, and each look walks over all of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
