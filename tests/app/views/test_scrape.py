from typing import Any

from prometheus_client.parser import text_string_to_metric_families


async def test_every_metric_as_text(one: Any) -> None:
    one.workers[0].observer.consumed("payment-events", 3)
    answer = await one.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.text.decode()))
    found = {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}
    assert found["kafka_consumer_records_consumed_total", "payment-events"] == 3
    assert found["kafka_consumer_lag_max",] == 0


async def test_open_metrics_where_asked_for(one: Any) -> None:
    answer = await one.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith(b"# EOF\n")
