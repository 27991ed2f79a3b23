"""A rate measured by rare events, and how far it can be trusted."""

from stampmill.core.board_report import MeasuredRate

_Z = 1.959964  # 95 %, both sides


def measured_rate(events: int, amount: float, seconds: float) -> MeasuredRate:
    """Return the rate of what came in so many events of a Poisson process in a time.

    The limits are those of Garwood by the approximation of Wilson and Hilferty, within 1 % of the
    exact ones from five events on, and not far off below.
    """
    if seconds <= 0:
        return MeasuredRate(0.0, 0.0, 0.0)
    each = amount / events if events else 0.0
    return MeasuredRate(
        amount / seconds, each * _low(events) / seconds, each * _high(events) / seconds
    )


def _low(events: int) -> float:
    if events == 0:
        return 0.0
    return float(events * (1 - 1 / (9 * events) - _Z / (3 * events**0.5)) ** 3)


def _high(events: int) -> float:
    more = events + 1
    return float(more * (1 - 1 / (9 * more) + _Z / (3 * more**0.5)) ** 3)
