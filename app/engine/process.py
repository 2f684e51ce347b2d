"""The worker's process: what it claims before Faust starts and gives back at the end; one line when it can't."""

import socket
import sys
from contextlib import ExitStack
from typing import Any, NoReturn

import faust

from app.engine.connection import client_options
from app.engine.data_dir import DataDir
from app.engine.embedded import EmbeddedBroker
from app.engine.topic_admin import ensure_topics
from app.engine.topic_specs import SPECS
from app.settings import Refused, Settings


class WorkerProcess(faust.Worker):  # type: ignore[misc]
    """Faust's worker, started only once its port, directory, broker and topics are in order; else status 2."""

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        self._held = ExitStack()
        settings: Settings = app.settings
        try:
            claim(settings, app.conf, self._held)
        except Refused as refused:
            self._refuse(refused)
        super().__init__(app, *args, **kwargs)

    def execute_from_commandline(self) -> NoReturn:
        """Wait for the broker, create missing topics, run the worker, give everything back."""
        with self._held:
            settings: Settings = self.app.settings
            topics = ensure_topics(settings, SPECS, options=client_options(settings), say=_say)
            try:
                self.loop.run_until_complete(topics)
            except Refused as refused:
                self._refuse(refused)
            except KeyboardInterrupt:
                raise SystemExit(130) from None
            super().execute_from_commandline()
            raise AssertionError("the worker ends the process")

    def _refuse(self, refused: Refused) -> NoReturn:
        self._held.close()
        _say(str(refused))
        raise SystemExit(2) from None


def claim(settings: Settings, conf: Any, held: ExitStack) -> None:
    """Take port, DATA_DIR and, if it is embedded, start the broker; held gives them back; raises Refused."""
    if conf.web_enabled:
        if refusal := settings.open_api_refusal(conf.web_bind):
            raise Refused(f"STAYSHELF_API_TOKENS: {refusal}; name tokens, or set STAYSHELF_API_OPEN=true")
        require_free_port(conf.web_bind, conf.web_port)
    data_dir = DataDir(settings.data_dir).claim()
    held.callback(data_dir.close)
    if settings.embedded:
        broker = EmbeddedBroker(data_dir)
        held.callback(broker.stop)
        broker.start()


def require_free_port(host: str, port: int) -> None:
    """Raise Refused when another process listens there or the address is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise Refused(
            f"STAYSHELF_WEB_PORT: {host}:{port} can't be listened on: {error.strerror}; "
            "choose another with --web-port or the setting"
        ) from error


def _say(line: str) -> None:
    sys.stderr.write(f"stayshelf: {line}\n")
    sys.stderr.flush()
