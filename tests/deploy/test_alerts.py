"""deploy/alerts.yml: valid, seen to fire and to stay silent, about metrics there are, with something to do."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.engine.group import GROUPS
from tests.deploy.names import metrics_in
from tests.deploy.promtool import promtool

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


def test_rules_are_valid() -> None:
    promtool(DEPLOY, "check", "rules", "alerts.yml")


def test_rules_fire_and_stay_silent_as_they_should() -> None:
    promtool(DEPLOY, "test", "rules", "alerts_test.yml")


def test_every_alert_is_seen_to_fire_and_to_stay_silent() -> None:
    seen: dict[str, set[bool]] = defaultdict(set)
    for test in yaml.safe_load((DEPLOY / "alerts_test.yml").read_text("utf-8"))["tests"]:
        for case in test["alert_rule_test"]:
            seen[case["alertname"]].add(bool(case["exp_alerts"]))
    assert seen == {name: {True, False} for name in ALERTS}


@pytest.mark.parametrize(
    ("name", "expression", "held", "severity"),
    [
        ("KafkaHighConsumerLag", "kafka_consumer_lag_max > 10000", "5m", "warning"),
        ("KafkaHighProducerErrorRate", "rate(kafka_producer_record_error_total[5m]) > 0.01", "2m", "critical"),
    ],
)
def test_the_contract_s_alerts_are_word_for_word(name: str, expression: str, held: str, severity: str) -> None:
    rule = ALERTS[name]
    assert (rule["expr"], rule["for"], rule["labels"]) == (expression, held, {"severity": severity})


def test_rules_are_about_metrics_there_are() -> None:
    for rule in RULES:
        metrics_in(rule["expr"], but=RECORDED)


def test_every_partition_is_expected() -> None:
    expected = {rule["labels"]["group"]: rule["expr"] for rule in RULES if rule.get("record", "").endswith(":expected")}
    assert expected == {group.name: f"vector({group.partitions})" for group in GROUPS}


def test_the_manual_says_what_to_do_for_each() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for name, rule in ALERTS.items():
        file, anchor = rule["annotations"]["runbook"].split("#")
        assert file == "docs/operations.md"
        assert anchor in anchors, f"{name}: docs/operations.md has no heading {anchor}"
        assert f"`{name}`" in text or anchor == name.lower(), name
