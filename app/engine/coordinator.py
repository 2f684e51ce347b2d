"""aiokafka's group coordinator, changed so that a worker goes on while its group rebalances.

aiokafka gives all partitions up before it joins again. Here fetching goes on under the old assignment until the new one
is in, and a partition that stays goes on at its position: what a worker commits meanwhile is fenced by the group's
generation, so it may find out late (what KIP-429 is for, within the eager protocol).
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

import aiokafka
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import NoError
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest


class Subscriptions(SubscriptionState):  # type: ignore[misc]
    """Tells of a new assignment in the same step that makes it, before anything of it is fetched."""

    on_assigned: Callable[[Any], None]

    def assign_from_subscribed(self, assignment: Any) -> None:
        """Replace the assignment, then say where each of its partitions is read."""
        super().assign_from_subscribed(assignment)
        self.on_assigned(self.subscription.assignment)


class Coordinator(GroupCoordinator):  # type: ignore[misc]
    """Joins again without stopping first."""

    #: When (monotonic) the request was sent that the group answered last: it knew this member then, or later.
    contact = 0.0

    async def _on_join_prepare(self, previous_assignment: Any) -> None:
        self._group_subscription = None
        if previous_assignment is not None and self._subscription.listener:
            await self._subscription.listener.on_partitions_revoked(previous_assignment.tps)

    async def _send_req(self, request: Any) -> Any:
        asked = monotonic()
        response = await super()._send_req(request)
        # A heartbeat that is told of a rebalance does not count: who is too late for it is no member any more.
        if isinstance(request, HeartbeatRequest | SyncGroupRequest) and response.error_code == NoError.errno:
            self.contact = asked
        return response


def install(consumer: aiokafka.AIOKafkaConsumer, on_assigned: Callable[[Any], None]) -> None:
    """Change a started consumer that has not subscribed yet. on_assigned runs in the consumer's event loop."""
    consumer._coordinator.__class__ = Coordinator
    consumer._subscription.__class__ = Subscriptions
    consumer._subscription.on_assigned = on_assigned
