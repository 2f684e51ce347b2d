"""Faust's assignor, which also tells every worker where the standbys are.

Faust's metadata has room for the actives of two kinds of topics only, so standbys travel in the second kind under a
name no topic can have.
"""

from typing import Any, NamedTuple

from faust.assignor.partition_assignor import PartitionAssignor as FaustAssignor

from app.engine.group import GROUP_OF_CHANGELOG
from app.engine.task import TaskId

_STANDBY = "@standby:"


class Owners(NamedTuple):
    """Base URLs of the workers that hold copies of a partition."""

    active: str | None
    standbys: tuple[str, ...]


class PartitionAssignor(FaustAssignor):  # type: ignore[misc]
    """Sticky, co-partitioned, with standbys: as Faust does it."""

    @property
    def _url(self) -> Any:
        return self.app.own_url

    def _get_external_topic_distribution(self, assignments: Any) -> Any:
        found = super()._get_external_topic_distribution(assignments)
        for client, assignment in assignments.items():
            standbys = self._topics_filtered(assignment.standbys, self._table_manager.changelog_topics)
            extra = {_STANDBY + topic: partitions for topic, partitions in standbys.items()}
            found[self._member_urls[client]] = {**found[self._member_urls[client]], **extra}
        return found

    def owners(self) -> dict[TaskId, Owners]:
        """Who holds what, as of this worker's last assignment."""
        actives = _by_task(self.changelog_distribution, "")
        standbys = _by_task(self.external_topic_distribution, _STANDBY)
        return {
            id: Owners(next(iter(actives.get(id, ())), None), tuple(standbys.get(id, ())))
            for id in actives.keys() | standbys.keys()
        }


def _by_task(distribution: Any, prefix: str) -> dict[TaskId, list[str]]:
    found: dict[TaskId, list[str]] = {}
    for url, topics in distribution.items():
        for topic, partitions in topics.items():
            group = GROUP_OF_CHANGELOG.get(topic.removeprefix(prefix)) if topic.startswith(prefix) else None
            if group is not None:
                for partition in partitions:
                    found.setdefault(TaskId(group.name, partition), []).append(url.rstrip("/"))
    return found
