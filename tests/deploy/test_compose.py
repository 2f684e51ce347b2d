"""docker-compose.yml whole: it comes up, is fed, grows, loses a broker and a worker, and nothing is wrong after it."""

import subprocess
import uuid
from collections.abc import Iterator

import pytest
import yaml

from tests.deploy.stack import ROOT, UP_SECONDS, Stack, available, fetched, until
from tests.deploy.test_alerts import RULES

pytestmark = [pytest.mark.broker, pytest.mark.scenario]
PARTITIONS = 24 + 12 + 6
PATIENCE_S = 240


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not available():
        pytest.skip("no Docker")
    made = Stack(f"shelf{uuid.uuid4().hex[:8]}")
    try:
        made.run("up", "--detach", "--build")
        yield made
    finally:
        made.down()


def all_ready(stack: Stack, count: int) -> bool:
    answers = [fetched(f"{url}/health/ready") for url in stack.worker_urls()]
    return len(answers) == count and all(answer["status"] == "ready" for answer in answers)


def low_stock(stack: Stack) -> list[object]:
    """What a worker answers for all stores."""
    found: list[object] = fetched(f"{stack.worker_urls()[0]}/v1/low-stock?threshold=20&limit=3")["items"]
    return found


def active(stack: Stack, workers: int) -> bool:
    """Whether so many workers, as Prometheus sees them, are active for all partitions together."""
    found = [value for _, value in stack.series('sum by (instance) (stayshelf_partitions{role="active"}) > 0')]
    return len(found) == workers and sum(found) == PARTITIONS


def test_it_comes_up_scales_and_goes_on_without_a_broker_and_a_worker(stack: Stack) -> None:
    until(lambda: all_ready(stack, 2), UP_SECONDS, "two ready workers")
    until(lambda: low_stock(stack), PATIENCE_S, "answers")
    until(lambda: active(stack, 2), PATIENCE_S, "every partition in Prometheus")
    assert [target["health"] for target in stack.of_prometheus("targets")["activeTargets"]] == ["up", "up"]
    loaded = [rule for group in stack.of_prometheus("rules")["groups"] for rule in group["rules"]]
    assert sorted(rule["name"] for rule in loaded) == sorted(rule.get("alert") or rule["record"] for rule in RULES)
    assert {rule["health"] for rule in loaded} == {"ok"}

    stack.run("up", "--detach", "--no-recreate", "--scale", "worker=4")
    until(lambda: all_ready(stack, 4) and active(stack, 4), PATIENCE_S, "four workers with partitions")
    firing = 'ALERTS{alertname="StayshelfDeadLetters",alertstate="firing"}'
    until(lambda: stack.series(firing), PATIENCE_S, "an alert about the simulator's poison")

    stack.kill_one("worker")
    stack.run("kill", "kafka-2")
    applied = "kafka_consumer_records_consumed_total"
    until(lambda: all_ready(stack, 3) and active(stack, 3), PATIENCE_S, "three workers with all partitions")
    before = stack.total(applied)
    until(lambda: stack.total(applied) > before, PATIENCE_S, "events applied after the losses")

    stack.run("stop", "--timeout", "5", "simulator")
    lag = "kafka_consumer_lag"
    until(lambda: stack.series(lag) and stack.total(lag) == 0, PATIENCE_S, "nothing behind")
    shown = {(at["topic"], int(at["partition"])): n for at, n in stack.series(lag)}
    said = stack.group_lags()
    assert len(said) > PARTITIONS / 2
    assert {place: shown[place] for place in said} == said
    assert low_stock(stack)
    assert stack.run("run", "--rm", "-T", "topics", "verify").strip().endswith("differences: 0")


def test_every_container_runs_sparingly() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    for name, service in services.items():
        said = [service.get(option) for option in ("read_only", "cap_drop", "security_opt")]
        assert said == [True, ["ALL"], ["no-new-privileges:true"]], name
        assert {"mem_limit", "pids_limit"} <= service.keys(), name


@pytest.mark.parametrize("command", [["docker", "compose"], ["docker-compose"]], ids=" ".join)
def test_both_composes_read_it(command: list[str]) -> None:
    if not available() or subprocess.run([*command, "version"], capture_output=True, check=False).returncode:
        pytest.skip(f"no {' '.join(command)}")
    done = subprocess.run([*command, "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
