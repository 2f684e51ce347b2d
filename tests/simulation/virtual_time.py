"""An event loop whose clock jumps to the next timer, and processes in it that can be stopped between any two steps.

Everything that runs belongs to the process of its context. A process that is paused keeps its steps for later, a dead
one loses them: no code of it runs any more, as after SIGSTOP and SIGKILL.
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any

PROCESS: ContextVar["Process | None"] = ContextVar("process", default=None)

#: What the wall clock says when a simulation begins, in epoch seconds.
EPOCH_S = 1_750_000_000.0

STEPS_MAX = 400_000


class Killed(BaseException):
    """The process dies inside a call; nothing of it may go on."""


class Stuck(Exception):
    """Nothing is left to happen, or far too much happens."""


class Process:
    """Something that can be stopped: running, paused or dead."""

    def __init__(self, loop: "Loop", name: str) -> None:
        self.name = name
        self.state = "running"
        self._loop = loop
        self._parked: list[asyncio.Handle] = []
        self.context = copy_context()
        self.context.run(PROCESS.set, self)

    def start(self, work: Any) -> asyncio.Task[Any]:
        """Run a coroutine as this process."""
        return self._loop.create_task(work, context=self.context)

    def keep(self, handle: asyncio.Handle) -> None:
        """A step that is due while the process does not run."""
        if self.state == "paused":
            self._parked.append(handle)

    def pause(self) -> None:
        """SIGSTOP."""
        if self.state == "running":
            self.state = "paused"

    def resume(self) -> None:
        """SIGCONT."""
        if self.state == "paused":
            self.state = "running"
            self._loop.take_up(self._parked)
            self._parked = []

    def kill(self) -> None:
        """SIGKILL."""
        self.state = "dead"
        self._parked = []


class Loop(asyncio.BaseEventLoop):
    """Steps in the order they are asked for, timers in virtual time, nothing else: the same run every time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.steps = 0
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Any, *values: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        handle = asyncio.Handle(callback, values, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *values: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, values, self, context)
        heapq.heappush(self._scheduled, handle)
        handle._scheduled = True
        return handle

    def outside(self, at: float, call: Callable[..., Any], *values: Any) -> None:
        """Call something at a time, whatever becomes of the process that asks for it."""
        self.call_at(at, call, *values, context=Context())

    def later(self, seconds: float, call: Callable[..., Any], *values: Any) -> None:
        """Call something after so many seconds, whatever becomes of the process that asks for it."""
        self.call_at(self.now + seconds, call, *values, context=Context())

    def take_up(self, handles: list[asyncio.Handle]) -> None:
        self._ready.extend(handles)

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled
        if not ready:
            while scheduled and scheduled[0]._cancelled:
                heapq.heappop(scheduled)._scheduled = False
            if not scheduled:
                raise Stuck("nothing is left to happen")
            self.now = max(self.now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self.now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            process = handle._context.get(PROCESS)
            if process is None or process.state == "running":
                handle._run()
            else:
                process.keep(handle)
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise Stuck("it never ends")

    def _process_events(self, _events: Any) -> None:
        """There are no files to wait for."""

    def _write_to_self(self) -> None:
        """There are no other threads."""

    def discard(self) -> None:
        """Throw away whatever was not finished; none of it runs on."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            # What wants to clean up after itself can't, as no killed process can.
            with suppress(BaseException):
                task.get_coro().close()  # type: ignore[union-attr]
        self._ready.clear()
        self._scheduled.clear()
        self.close()


@contextmanager
def clocks_of(loop: Loop, modules: list[Any]) -> Iterator[None]:
    """Let the clocks of Python, and of modules that have them by name, follow the loop's."""

    def monotonic() -> float:
        return loop.now

    def wall() -> float:
        return EPOCH_S + loop.now

    clocks: dict[str, Callable[[], float]] = {"monotonic": monotonic, "time": wall}
    places = [(time, "monotonic"), (time, "time")]
    places += [(module, name) for module in modules for name in clocks if callable(getattr(module, name, None))]
    before = [(module, name, getattr(module, name)) for module, name in places]
    for module, name in places:
        setattr(module, name, clocks[name])
    try:
        yield
    finally:
        for module, name, clock in before:
            setattr(module, name, clock)
