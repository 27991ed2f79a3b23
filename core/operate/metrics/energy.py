"""Energy, its cost and the rules as metrics."""

from collections.abc import Iterator

from stampmill.core.operate.labels import device_labels
from stampmill.core.operate.metrics.families import Family, Samples, counter, gauge
from stampmill.core.snapshot import PolicyAction, Quantity, Snapshot

_BOARD = "board"
"""Whose own readings are its power sensors already."""


def energy(shot: Snapshot) -> Iterator[Family]:
    """Yield power by device and sensor, and what was spent, as far as known."""
    yield gauge("device_power_watts", "In watts.", ("device", "sensor"), _power(shot))
    if (known := shot.energy) is None:
        return
    yield counter("energy_joules", "Spent in this run.", ("device",),
                  (((each.device,), each.joules) for each in known.devices))  # fmt: skip
    for name, text, value in (
        ("energy_joules_per_hash", "In this run, rests included.", known.joules_per_hash),
        ("energy_unpriced_joules", "Spent while no price was known.", known.unpriced_joules),
        ("energy_day_joules", "Of this day, in all runs.", known.day.joules),
    ):
        yield gauge(name, text, (), [] if value is None else [((), value)])
    for name, text, value in (
        ("energy_price_per_kwh", "Of a kilowatt-hour now.", known.price),
        # No counter: where prices are below zero it falls.
        ("energy_cost", "Of this run.", known.cost),
        ("energy_day_cost", "Of this day, in all runs.", known.day.cost),
    ):
        labelled: Samples = [] if value is None else [((known.currency,), value)]
        yield gauge(name, text, ("currency",), labelled)


def policy_state(shot: Snapshot) -> Family:
    """Return what the run does now; a rule is named, not told with its reading of the moment."""
    policy, state = shot.policy, ("run", "")
    if policy is not None and policy.action is PolicyAction.PAUSE:
        state = ("pause", policy.rule)
    elif shot.paused:
        state = ("pause", shot.paused)
    elif policy is not None and policy.action is PolicyAction.THROTTLE:
        state = ("throttle", policy.rule)
    labels = ("state", "reason")
    return gauge("policy_state", "1 for what the run does now.", labels, [(state, 1.0)])


def _power(shot: Snapshot) -> Samples:
    for label, device in zip(device_labels(shot), shot.devices, strict=True):
        for sensor in device.sensors:
            if sensor.quantity is Quantity.POWER:
                yield (label, sensor.place), sensor.value
    for each in shot.energy.devices if shot.energy else ():
        if each.origin != _BOARD:
            yield (each.device, each.origin), each.watts
