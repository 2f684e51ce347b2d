"""The engine of one worker: its parts, and the few things that concern all of them."""

from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import Any

from mode import Service

from app.engine.assignor import Plan
from app.engine.breaker import Breaker
from app.engine.committer import Committer
from app.engine.connection import client_options
from app.engine.idempotent import IdempotentProducer
from app.engine.intake import Decoder, Intake
from app.engine.kip447 import Membership, TransactionalProducer
from app.engine.ledgers import (
    PRODUCER_OPTIONS,
    TRANSACTION_TIMEOUT_MS,
    AcknowledgedLedger,
    Offsets,
    TransactionalLedger,
)
from app.engine.offset_watch import OffsetWatch
from app.engine.pending import Pending
from app.engine.refusals import Refusals
from app.engine.stops import Stops
from app.engine.store_failure import StoreFailed
from app.engine.task import Task
from app.engine.tasks import Tasks
from app.settings import Settings

_DRAIN_TIMEOUT_S = 4.0


class Engine(Service):  # type: ignore[misc]
    """Tasks, intake, commit and offsets of one worker, tied to its Faust app."""

    def __init__(
        self, app: Any, settings: Settings, *, decoders: dict[str, Decoder], observer: Any, **options: Any
    ) -> None:
        super().__init__(**options)
        self.app = app
        self.settings = settings
        self.observer = observer
        self.tasks = Tasks(settings.data_dir.absolute() / "state", app.tables.values)
        self.tasks.on_set_aside = observer.store_set_aside
        self.breaker = Breaker()
        self.tasks.in_work = self.breaker.in_work
        self.intake = Intake(decoders, self.breaker)
        self.stops = Stops(self.log)
        self.refusals = Refusals(self)
        #: Since when (monotonic) partitions are on the move.
        self.moving_since: float | None = None
        #: A new assignment is being made.
        self.moving = False
        self.ledger = self._new_ledger()
        self.committer = Committer(self, self.ledger, interval_s=COMMIT_INTERVAL_S)
        self.offsets = OffsetWatch(self)
        self.add_dependency(self.committer)
        self.add_dependency(self.offsets)

    def client_options(self) -> dict[str, Any]:
        """How a Kafka client of this worker connects."""
        return client_options(self.settings)

    def _new_ledger(self) -> TransactionalLedger | AcknowledgedLedger:
        if self.settings.guarantee == "exactly_once":
            return TransactionalLedger(self.transactional_producer, self.app.conf.id)
        return AcknowledgedLedger(self._plain_producer, self._commit_offsets)

    def transactional_producer(self, transactional_id: str | None = None) -> TransactionalProducer:
        """A producer under this worker's transactional id, or under another's to end what that one left open."""
        return TransactionalProducer(
            **self.client_options(),
            **PRODUCER_OPTIONS,
            transactional_id=transactional_id or self.tasks.writer,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        )

    def _plain_producer(self) -> IdempotentProducer:
        return IdempotentProducer(**self.client_options(), **PRODUCER_OPTIONS)

    def _commit_offsets(self, offsets: Offsets) -> Awaitable[None]:
        committed: Awaitable[None] = self.app.consumer.commit_offsets(offsets)
        return committed

    @property
    def in_touch(self) -> bool:
        """Whether the group answered within a session timeout."""
        silent_s: float = monotonic() - self.app.consumer.last_contact
        return silent_s < float(self.app.conf.broker_session_timeout)

    async def move(self) -> None:
        """The group is about to make a new assignment. Until it is in, this worker answers for nothing as active.

        It goes on all the same where the generation fences what it commits; elsewhere it commits what it has and waits.
        """
        self.moving = True
        self.moving_since = self.moving_since or monotonic()
        if not self.ledger.fenced:
            await self.committer.hold(_DRAIN_TIMEOUT_S)

    def moved(self, membership: Membership, plan: Plan, *, kept: bool) -> None:
        """The new assignment is in: give up what was lost, go on with the rest. kept: nobody owned that in between."""
        self.app.tables.recovery.moved(plan)  # step A
        for task in self.tasks.active():
            if not kept or task.id not in plan.mine.active:
                task.demote()
        self.refusals.keep({task.id for task in self.tasks.active()})
        self.ledger.membership = membership
        self.moving = False
        self.committer.go_on()

    async def release(self) -> None:
        """Commit what is finished and stop being active: the worker ends."""
        self.app.tables.recovery.hold()
        self.moving_since = self.moving_since or monotonic()
        await self.committer.drain(_DRAIN_TIMEOUT_S)
        for task in self.tasks.active():
            task.demote()
        self.stops.clear()
        self.refusals.clear()

    def settled(self) -> None:
        """All assigned partitions are read and written again."""
        if self.moving_since is not None:
            self.observer.rebalanced(monotonic() - self.moving_since)
            self.moving_since = None

    def agent_failed(self, error: BaseException) -> None:
        """Bring back what an agent was at work on when it failed: it has finished nothing of it."""
        self.breaker.in_work.leave()
        active = self.tasks.active()
        if isinstance(error, StoreFailed):
            # It concerns one partition, which app.engine.repair brings back.
            self.reset([task for task in active if task.store.failure is not None])
            return
        self.reset(active)
        self.restore_again()

    def reset(self, tasks: list[Task]) -> None:
        """Drop what tasks have not committed."""
        for task in tasks:
            task.reset()

    def restore_again(self) -> None:
        """Bring reset tasks up to their changelogs' ends and read their sources from there."""
        self.app.tables.recovery.again()

    def report(self, done: list[Pending], seconds: float) -> None:
        """Tell the metrics what a commit made true."""
        observer, now = self.observer, int(time() * 1000)
        observer.committed(seconds)
        batches = len(done) + len({(send.topic, send.partition) for pending in done for send in pending.sends})
        records, size = sum(pending.sent_records for pending in done), sum(pending.bytes for pending in done)
        observer.sent(records, batches, size)
        for one in [pending.counts for pending in done]:
            observer.queryable(one.timestamps, now)
            for name in ("consumed", "applied", "duplicates", "ignored", "retries", "dead_letters", "late_dropped"):
                tell: Callable[..., None] = getattr(observer, name)
                for labels, n in getattr(one, name).items():
                    if n:
                        tell(*(labels if isinstance(labels, tuple) else (labels,)), n)

    async def on_shutdown(self) -> None:
        """Last of all: give up the producer and close the stores."""
        await self.ledger.close()
        self.tasks.close_all()
        self.breaker.close()


#: Time between the beginnings of two commits; an event waits half of it on average.
COMMIT_INTERVAL_S = 0.02
