from app.engine.group import GROUP_BY_NAME, GROUP_OF_CHANGELOG, GROUP_OF_SOURCE, GROUPS, INTERNAL_SOURCES
from app.engine.topic_specs import PARTITIONS


def test_everything_of_a_group_is_partitioned_alike() -> None:
    for group in GROUPS:
        assert {PARTITIONS[topic] for topic in (*group.sources, group.changelog)} == {group.partitions}


def test_a_topic_belongs_to_one_group() -> None:
    sources = [source for group in GROUPS for source in group.sources]
    assert len(sources) == len(set(sources)) == len(GROUP_OF_SOURCE)
    assert len(GROUP_OF_CHANGELOG) == len(GROUP_BY_NAME) == len(GROUPS)
    assert set(sources) >= INTERNAL_SOURCES
