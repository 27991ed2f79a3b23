"""What the guardian does: brings the board up, watches it, and makes it cold when it has to.

The port and the pipe are passed in, so that tests can put an emulated board behind the one and end
the other at any request.
"""

import os
import time
from collections.abc import Callable, Iterable
from typing import NoReturn, Protocol

from stampmill.core.backends.asic.control import tps546
from stampmill.core.backends.asic.control.gauges import Gauge, Kind, Sample, SensorFault
from stampmill.core.backends.asic.control.limits import Model
from stampmill.core.backends.asic.control.profile import Profile, reset_step
from stampmill.core.backends.asic.control.replies import REPLY_SECONDS
from stampmill.core.backends.asic.control.requests import Request
from stampmill.core.backends.asic.control.steps import (
    Ask,
    ExpectClear,
    Pause,
    SetBits,
    Step,
    read,
    write,
)
from stampmill.core.backends.asic.control.thermal import Fault, ThermalRules
from stampmill.core.backends.asic.guardian.gauging import (
    READING_SECONDS,
    ControlLine,
    read_gauges,
    report,
)
from stampmill.core.backends.asic.guardian.line import LineError
from stampmill.core.backends.asic.guardian.messages import (
    Beat,
    Choose,
    Done,
    Lost,
    Order,
    PowerUp,
    Ready,
    Refused,
    Report,
    Reset,
    SetVolts,
    Stage,
    Stop,
    Stopped,
)
from stampmill.core.backends.asic.guardian.pipe import MinerGoneError
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.errors import StampmillError, UsageError

STEP_TRIES = 3
FAN_SECONDS = 4.0
"""How long a fan may take to begin turning."""

COLD_SECONDS = 600.0
"""How long the board is asked to become cold, if it does not answer."""


class Orders(Protocol):
    """The miner: `pipe.OrderPipe`, or a test's."""

    def wait(self, seconds: float) -> Order | None:
        """Return the next order; raise MinerGoneError."""

    def pause(self, seconds: float) -> None:
        """Let time pass; raise MinerGoneError."""

    def tell(self, report: Report) -> None:
        """Report."""


class StepError(StampmillError):
    """A step of the bring-up found something else than it must."""


class Keeper:
    """Owns one board from the first request to the last."""

    def __init__(
        self,
        profile: Profile,
        line: ControlLine,
        orders: Orders,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._profile = profile
        self._line = line
        self._orders = orders
        self._now = now
        self._sleep = sleep
        self._rules = ThermalRules(profile.thermal)
        self._model: Model | None = None
        self._powered = self._reset_high = False
        self._parked = False  # stopped in order: nothing is left to do
        self._fan_percent = 100.0

    def run(self) -> str:
        """Serve until the miner is gone; return why, once the board is cold.

        Raise PortGoneError if the board cannot be reached any more.
        """
        try:
            self._begin()
            self._serve()
        except MinerGoneError as gone:
            if not self._parked:
                self._become_cold(100.0, COLD_SECONDS)
            return str(gone)
        except (PortGoneError, LineError) as error:
            self._orders.tell(Lost(str(error)))
            raise
        except BaseException:
            self._become_cold(100.0, COLD_SECONDS)
            raise

    def _begin(self) -> None:
        """Hold the chips in reset before anything else: a miner may have died a moment ago."""
        self._line.detect()
        self._line.ask(reset_step(high=False).request, tries=STEP_TRIES)
        self._become_cold(100.0, 0)  # before the bring-up a bus may not answer: no matter
        self._orders.tell(Ready(self._line.variant.value, os.getpid()))

    def _serve(self) -> NoReturn:
        due = self._now() + self._profile.thermal.interval
        while True:
            order = self._orders.wait(max(0.0, due - self._now()))
            if order is not None:
                self._obey(order)
            if self._now() >= due:
                due = self._now() + self._profile.thermal.interval
                self._watch()

    def _obey(self, order: Order) -> None:
        if isinstance(order, Beat):
            return
        try:
            self._orders.tell(Done(order.id, self._carry_out(order)))
        except (StepError, LineError, UsageError) as error:
            self._orders.tell(Refused(order.id, str(error)))

    def _carry_out(self, order: PowerUp | Reset | Choose | SetVolts | Stop) -> str:
        match order:
            case PowerUp(was_hot=was_hot):
                if was_hot:
                    self._rules.was_hot()
                return self._power_up()
            case Reset(high=high):
                return self._reset(high=high)
            case Choose(chip_id=chip_id):
                return self._choose(chip_id)
            case SetVolts(volts=volts):
                return self._set_volts(volts)
        return self._stop()

    def _power_up(self) -> str:
        self._model = None
        self._parked = self._powered = self._reset_high = False
        try:
            for stage in self._profile.stages:
                self._orders.tell(Stage(stage.name))
                if stage.heats:
                    self._refuse_if_hot()
                    self._refuse_without_fan()
                    self._powered = True
                self._run(stage.steps)
        except (StepError, LineError):
            self._become_cold(100.0, READING_SECONDS)
            raise
        self._fan_percent = 100.0
        self._rules.restarted()
        return self._profile.name

    def _refuse_if_hot(self) -> None:
        self._rules.judge(self._reading(), self._now(), powered=False)
        if reason := self._rules.too_hot_to_start():
            raise StepError(reason)

    def _refuse_without_fan(self) -> None:
        """Wait until every fan turns, which is at full speed since it was set up."""
        fans = [gauge for gauge in self._profile.gauges if gauge.kind is Kind.FAN]
        end = self._now() + FAN_SECONDS
        while fans:
            shown = self._reading(fans)
            still = [one for one in shown if isinstance(one.value, SensorFault) or one.value <= 0]
            if not still:
                return
            if self._now() >= end:
                raise StepError(f"{still[0].name}: it does not turn; no power without cooling")
            self._orders.pause(0.2)

    def _reset(self, *, high: bool) -> str:
        if high and not self._powered:
            raise StepError("the board has no core voltage: power it up first")
        if high:
            self._rules.reset_released(self._now())
        self._run((reset_step(high=high),))
        self._reset_high = high
        return ""

    def _choose(self, chip_id: int) -> str:
        self._model = self._profile.model(chip_id)
        if self._model is None:
            known = ", ".join(
                f"{model.name} ({model.chip_id:04x})" for model in self._profile.models
            )
            raise StepError(f"no {self._profile.name} has chip {chip_id:04x}; known are {known}")
        return self._model.name

    def _set_volts(self, volts: float) -> str:
        if self._model is None or self._profile.voltage is None:
            raise StepError("the core voltage cannot be set on this board, or not yet")
        if self._reset_high or not self._powered:
            raise StepError("the core voltage changes only while the board is powered, reset low")
        self._run(self._profile.voltage(self._model.check_volts(volts)))
        return f"{volts:g}"

    def _stop(self) -> str:
        if not self._become_cold(self._profile.idle_fan_percent, REPLY_SECONDS):
            raise StepError("the board does not confirm that it is cold")
        self._parked = True
        return ""

    def _run(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            self._orders.pause(step.seconds if isinstance(step, Pause) else 0.0)
            self._step(step)

    def _step(self, step: Step) -> None:
        match step:
            case Ask():
                self._ask(step)
            case SetBits(what, address, register, bits):
                value = self._data(what, read(address, register, 1))[0]
                self._data(what, write(what, address, register, bytes([value | bits])).request)
            case ExpectClear(what, address, register, bits):
                word = int.from_bytes(self._data(what, read(address, register, 2)), "little")
                if word & bits:
                    raise StepError(f"{what}: status word {word:04x}{_reasons(word)}")

    def _ask(self, step: Ask) -> None:
        data = self._data(step.what, step.request)
        if step.accepts and data not in step.accepts:
            expected = " or ".join(value.hex() for value in step.accepts)
            raise StepError(f"{step.what}: answers {data.hex()}, not {expected}")

    def _data(self, what: str, request: Request) -> bytes:
        try:
            return self._line.ask(request, tries=STEP_TRIES)
        except LineError as error:
            raise StepError(f"{what}: {error}") from error

    def _watch(self) -> None:
        """Take a reading, and do what the rules make of it."""
        samples = self._reading()
        verdict = self._rules.judge(samples, self._now(), powered=self._powered)
        if verdict.fault is not None and self._powered:
            self._emergency(verdict.fault)
        elif self._powered:
            self._turn_fan(verdict.fan_percent)
        self._orders.tell(report(samples, self._fan_percent, self._line.errors))

    def _emergency(self, fault: Fault) -> None:
        cold = self._become_cold(100.0, COLD_SECONDS)
        self._orders.tell(Stopped(fault.kind.value, fault.text, cold))

    def _turn_fan(self, percent: float) -> None:
        if self._profile.fans is None or percent == self._fan_percent:
            return
        try:
            for step in self._profile.fans(percent):
                self._line.ask(step.request, READING_SECONDS, tries=2)
            self._fan_percent = percent
        except LineError:
            self._fan_percent = -1.0  # unknown: tried again with the next reading

    def _reading(self, gauges: Iterable[Gauge] | None = None) -> list[Sample]:
        return read_gauges(self._profile.gauges if gauges is None else gauges, self._line)

    def _become_cold(self, fan_percent: float, seconds: float) -> bool:
        """Ask for reset low, fan and no voltage until each is confirmed; return whether it is.

        Each step is tried whatever became of the others, since any of them helps.
        """
        left = list(self._profile.cold(fan_percent))
        end = self._now() + seconds
        while True:
            left = [step for step in left if not self._confirmed(step)]
            if not left or self._now() >= end:
                break
            self._sleep(0.1)
        self._reset_high = self._powered = False
        self._fan_percent = fan_percent
        return not left

    def _confirmed(self, step: Ask) -> bool:
        try:
            data = self._line.ask(step.request, READING_SECONDS)
        except LineError:
            return False
        return not step.accepts or data in step.accepts


def _reasons(word: int) -> str:
    reasons = ", ".join(tps546.fault_reasons(word))
    return f" ({reasons})" if reasons else ""
