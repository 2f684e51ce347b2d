from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(sample.labels[name] for name in ("topic", "partition") if name in sample.labels)): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def test_lag_is_that_of_the_partitions_it_owns_now(one: Any) -> None:
    worker = one.workers[0]
    worker.end_offsets = {("payment-events", 1): 50, ("payment-events", 2): 70, ("stayshelf-reservations", 0): 3}
    worker.tasks["payments", 1].positions = {"payment-events": 40}
    worker.tasks["payments", 2].role = "standby"
    answer = await one.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    found = samples(answer.text)
    assert found["kafka_consumer_lag", "payment-events", "1"] == 10
    assert found["kafka_consumer_lag", "stayshelf-reservations", "0"] == 3
    assert ("kafka_consumer_lag", "payment-events", "2") not in found
    assert found["kafka_consumer_lag_max",] == 10
    del worker.tasks["payments", 1]
    assert ("kafka_consumer_lag", "payment-events", "1") not in samples((await one.get("/metrics")).text)


async def test_open_metrics_where_asked_for(one: Any) -> None:
    answer = await one.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith(b"# EOF\n")
