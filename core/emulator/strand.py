"""Code that blocks, in turns with an event loop: exactly one of the two runs at any time.

What was written for a process of its own, with blocking reads and pauses, so runs in virtual time,
the same way each time.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

Call = Callable[[], Any]


class StrandEndedError(BaseException):
    """Raised where a strand waits that is not wanted any more; nothing should catch it."""


class Strand:
    """Runs `main` in a thread that stands still whenever the loop turns, and the other way round.

    `main` may call `wait` and `call`; the loop's side `start`, `wake` and `end`.
    """

    def __init__(self, main: Call) -> None:
        self.finished = False
        self.ended = asyncio.Event()
        """Set, on the loop, once it has finished."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(main,), daemon=True)
        self._ours, self._loops = threading.Lock(), threading.Lock()
        self._ours.acquire()
        self._loops.acquire()
        self._asked: Call | None = None
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ending = False
        self._answer: Any = None
        self._raised: BaseException | None = None

    @property
    def now(self) -> float:
        """The loop's time."""
        return self._loop.time()

    def start(self) -> None:
        """Let it run until it waits for the first time."""
        self._thread.start()
        self._turn()

    def wake(self) -> None:
        """Let it go on, soon, before its time is over."""
        if not self.finished:
            self._set_timer(self.now)

    def end(self) -> None:
        """Make it end where it waits."""
        self._cancel()
        self._ending = True
        while not self.finished:
            self._turn()

    def wait(self, seconds: float) -> None:
        """Let the loop turn for so long, or until somebody wakes this."""
        self._until = self.now + seconds
        self._let_loop_turn()

    def sleep(self, seconds: float) -> None:
        """Let the loop turn for so long."""
        until = self.now + seconds
        while (left := until - self.now) > 0:
            self.wait(left)

    def call(self, what: Call) -> Any:
        """Do something on the loop's thread and return what it returns, or raise so."""
        self._asked = what
        self._let_loop_turn()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        return self._answer

    def _run(self, main: Call) -> None:
        self._ours.acquire()
        try:
            main()
        except StrandEndedError:
            pass
        finally:
            self.finished = True
            self._loops.release()

    def _let_loop_turn(self) -> None:
        if not self._ending:
            self._loops.release()
            self._ours.acquire()
        if self._ending:
            raise StrandEndedError

    def _turn(self) -> None:
        """Let the strand run until it waits; do what it asks for on the way."""
        self._cancel()
        while not self.finished:
            self._ours.release()
            self._loops.acquire()
            if self._asked is None:
                break
            asked, self._asked = self._asked, None
            try:
                self._answer = asked()
            except Exception as error:
                self._raised = error
        if self.finished:
            self.ended.set()
        else:
            self._set_timer(self._until)

    def _set_timer(self, at: float) -> None:
        self._cancel()
        self._timer = self._loop.call_at(at, self._turn)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
