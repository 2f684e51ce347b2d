"""The Grafana dashboard: every query is valid PromQL over metrics there are, and every metric is shown somewhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from app.metrics.catalogue import CATALOGUE
from tests.deploy.names import metrics_in
from tests.deploy.promtool import promtool
from tests.deploy.test_alerts import RECORDED

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "stayshelf.json").read_text("utf-8"))
#: The same said twice: what these show can be had from the metrics beside them.
NOT_SHOWN = {"kafka_consumer_records_consumed_rate", "kafka_producer_record_send_rate"}


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def test_every_query_is_valid(tmp_path: Path) -> None:
    meant = [query.replace("$__rate_interval", "1m").replace("$instance", ".*") for query in queries()]
    assert not any("$" in query for query in meant)
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(meant)]
    tmp_path.chmod(0o755)
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool(tmp_path, "check", "rules", "queries.yml")


def test_queries_read_metrics_there_are_and_leave_none_out() -> None:
    shown = set().union(*(metrics_in(query, but=RECORDED) for query in queries()))
    missing = {m.name for m in CATALOGUE if not {m.name, f"{m.name}_bucket"} & shown} - NOT_SHOWN
    assert not missing


def test_panels_have_a_place_of_their_own() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_it_finds_its_source() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert used == {source["uid"]}
