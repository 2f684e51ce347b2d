"""The API's own description as a source of requests: schemathesis draws them and judges the answers."""

import os
import random
from collections import Counter
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

#: Requests in all; the full number is asked for by `make fuzz`.
REQUESTS = int(os.environ.get("STAYSHELF_TEST_REQUESTS", "300"))
#: Streams have no end to wait for.
ENDLESS = {"/v1/live"}

Known = dict[str, list[str]]


class Asked:
    """Draws requests for every path of a worker's description, sends them, and counts what came back."""

    def __init__(self, url: str, known: Known, *, restoring: bool) -> None:
        load_all_checks()
        self.url, self.restoring = url, restoring
        self.statuses: Counter[int] = Counter()
        self.kinds: Counter[str] = Counter()
        self._known = known
        self._session = requests.Session()
        self._schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        operations = [found.ok() for found in self._schema.get_all_operations()]
        self.operations = [operation for operation in operations if operation.path not in ENDLESS]

    @property
    def count(self) -> int:
        """Requests sent so far."""
        return self.statuses.total()

    def ask_all(self, total: int) -> None:
        """At least `total` requests, spread evenly over the paths: most follow the description, the rest break it."""
        varied = [operation for operation in self.operations if operation.path_parameters or operation.query]
        for operation in self.operations:
            if operation not in varied:
                self._ask(operation, GenerationMode.POSITIVE, 1)
        each = total // len(varied) + 1
        for operation in varied:
            self._ask(operation, GenerationMode.NEGATIVE, each // 4)
            self._ask(operation, GenerationMode.POSITIVE, each)

    def _ask(self, operation: Any, mode: GenerationMode, number: int) -> None:
        strategy = operation.as_strategy(generation_mode=mode)
        calm = settings(
            max_examples=max(number, 1), phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
        )

        @calm
        @given(strategy, st.randoms(use_true_random=False))
        def send(case: Case, luck: random.Random) -> None:
            if mode is GenerationMode.POSITIVE:
                self._make_known(case, luck)
            self._judge(case, mode)

        send()

    def _make_known(self, case: Case, luck: random.Random) -> None:
        # Half of the ids exist: made-up ones would only ever be unknown.
        for name in case.path_parameters or {}:
            place = f"{case.operation.path.split('/{')[0]}:{name}"
            if place in self._known and luck.random() < 0.5:
                case.path_parameters[name] = luck.choice(self._known[place])

    def _judge(self, case: Case, mode: GenerationMode) -> None:
        response = case.call(base_url=self.url, session=self._session, timeout=15)
        self.statuses[response.status_code] += 1
        self.kinds[mode.value] += 1
        if self.restoring and response.status_code == 503:
            assert int(response.headers["retry-after"][0]) >= 1
            assert response.headers["content-type"] == ["application/problem+json"]
            return
        # A span may be the wrong way round or too long, which no schema can say.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
