"""Reads a board's gauges through its control port, in a bounded time whatever answers."""

from collections.abc import Iterable
from typing import Protocol

from stampmill.core.backends.asic.control.gauges import Gauge, Sample, SensorFault, sample
from stampmill.core.backends.asic.control.replies import REPLY_SECONDS, Variant
from stampmill.core.backends.asic.control.requests import Request
from stampmill.core.backends.asic.guardian.line import LineError, NoAnswerError
from stampmill.core.backends.asic.guardian.messages import Sensors

READING_SECONDS = 0.3
"""How long one answer of a reading may take: three readings have to fit into six seconds."""


class ControlLine(Protocol):
    """The control port: `line.Line`, or a test's."""

    errors: int

    @property
    def variant(self) -> Variant:
        """What the firmware speaks."""

    def detect(self, tries: int = 3) -> Variant:
        """Find that out."""

    def ask(self, request: Request, seconds: float = REPLY_SECONDS, tries: int = 1) -> bytes:
        """Return the data of the reply; raise LineError or PortGoneError."""


def read_gauges(gauges: Iterable[Gauge], line: ControlLine) -> list[Sample]:
    """Return what each shows. Once the port is silent, nobody waits for the rest."""
    samples: list[Sample] = []
    silent = False
    for gauge in gauges:
        answers: list[bytes | None] = []
        for request in gauge.requests:
            answer, silent = (None, True) if silent else _answer(request, line)
            answers.append(answer)
        samples.append(sample(gauge, answers))
    return samples


def report(samples: Iterable[Sample], fan_percent: float, errors: int) -> Sensors:
    """Return a reading as the miner gets it."""
    values, missing = {}, {}
    for one in samples:
        if isinstance(one.value, SensorFault):
            missing[one.name] = one.value.value
        else:
            values[one.name] = float(one.value)
    return Sensors(values, missing, fan_percent, errors)


def _answer(request: Request, line: ControlLine) -> tuple[bytes | None, bool]:
    """Return the answer, and whether the port is silent."""
    try:
        return line.ask(request, READING_SECONDS, tries=2), False
    except NoAnswerError:
        return None, True
    except LineError:
        return None, False
