from app.engine.topic_specs import PARTITIONS, SPECS

CONTRACT = {
    "booking-events": (12, 30),
    "inventory-events": (24, 7),
    "payment-events": (6, 90),
    "payment-completed": (6, 90),
}
BY_NAME = {spec.name: spec for spec in SPECS}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(SPECS) == len(PARTITIONS)


def test_partitions_and_retention_are_the_contracts() -> None:
    for name, (partitions, days) in CONTRACT.items():
        spec = BY_NAME[name]
        assert (spec.partitions, spec.retention_ms, spec.cleanup) == (partitions, days * 86_400_000, "delete")


def test_each_source_has_its_retry_and_dead_letter_topics() -> None:
    for name in ("booking-events", "inventory-events", "payment-events"):
        source = BY_NAME[name]
        for n in (1, 2):
            retry = BY_NAME[f"{name}-retry-{n}"]
            assert (retry.partitions, retry.retention_ms) == (source.partitions, source.retention_ms)
        dead = BY_NAME[f"{name}-dlt"]
        assert (dead.partitions, dead.retention_ms) == (source.partitions, 90 * 86_400_000)
        assert dead.max_message_bytes > 67_108_864


def test_internal_topics_are_named_so_and_changelogs_only_compacted() -> None:
    internal = [spec for spec in SPECS if spec.name.startswith("stayshelf-")]
    assert {spec.name for spec in SPECS} - {spec.name for spec in internal} == {
        *CONTRACT,
        *(f"{name}-{suffix}" for name in list(CONTRACT)[:3] for suffix in ("retry-1", "retry-2", "dlt")),
    }
    for spec in internal:
        if spec.name.endswith("-changelog"):
            assert (spec.cleanup, spec.retention_ms) == ("compact", None)


def test_configs_are_under_kafkas_names() -> None:
    assert BY_NAME["inventory-events"].configs(2) == {
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
        "retention.ms": "604800000",
    }
    assert BY_NAME["stayshelf-inventory-changelog"].configs(1) == {
        "cleanup.policy": "compact",
        "min.insync.replicas": "1",
        "max.message.bytes": "104857600",
    }
