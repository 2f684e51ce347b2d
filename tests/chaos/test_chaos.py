"""A short run of what `make chaos` does for half an hour: some faults of most kinds, then everything is compared."""

from pathlib import Path

import pytest

from tests.broker.single import JVM, NoBroker
from tests.chaos.__main__ import play
from tests.chaos.cluster import Cluster
from tests.chaos.scenarios import a_little_of_everything

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

RATE = 300.0


async def test_faults_change_nothing(tmp_path: Path) -> None:
    try:
        cluster = Cluster(1, 2, JVM_PERFORMANCE_OPTS=JVM)
        await cluster.start()
    except NoBroker as reason:
        pytest.skip(str(reason))
    try:
        found = await play(cluster, a_little_of_everything(), tmp_path / "stage", seed=1, rate=RATE)
    finally:
        cluster.close()
    assert found.settled.differences == []
    assert [line.fault for line in found.lines if line.effective < line.injected] == [], "faults that did not happen"
    assert found.rebalances > 2
    assert found.settled.rows > 1_000
    assert found.settled.watched > 1_000
