import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from app.metrics.exposition import exposed
from app.metrics.observer import Observer


def test_both_formats_hold_the_same() -> None:
    registry = Observer().registry
    text, plain_type = exposed(registry, "text/html, */*")
    assert plain_type.startswith("text/plain; version=0.0.4")
    newer, open_type = exposed(registry, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert open_type.startswith("application/openmetrics-text; version=1.0.0")
    first = {family.name for family in plain(text.decode())}
    assert first == {family.name for family in open_metrics(newer.decode())}  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "accept", ["", "application/openmetrics-text; version=banana; escaping=x", "text/plain;version=9x9", ",;=;,"]
)
def test_any_accept_header_gets_an_answer(accept: str) -> None:
    _, content_type = exposed(Observer().registry, accept)
    assert "banana" not in content_type
    assert "9x9" not in content_type
