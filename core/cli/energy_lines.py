"""Energy and rules in words, for the summary, the live view and the report's JSON."""

from dataclasses import asdict
from typing import Any

from stampmill.core.snapshot import EnergySnapshot, EnergyTotal, PolicyAction, Snapshot

_KWH = 3_600_000


def energy_line(shot: Snapshot) -> str:
    """Return power, efficiency, energy and cost of a run, or nothing if nothing is known."""
    energy = shot.energy
    if energy is None or (energy.watts is None and not energy.joules):
        return ""
    parts = [f"{energy.watts:.1f} W"] if energy.watts is not None else []
    if energy.joules_per_hash:
        parts.append(f"{per_terahash(energy.joules_per_hash)} J/TH")
    parts.append(_amount(EnergyTotal(energy.joules, energy.cost), energy.currency))
    if energy.day.joules > energy.joules:
        parts.append(f"{_amount(energy.day, energy.currency)} today")
    return ", ".join(parts)


def rules_line(shot: Snapshot) -> str:
    """Return what the rules want, or nothing while they have nothing against running."""
    policy = shot.policy
    if policy is None:
        return ""
    parts = []
    if policy.action is not PolicyAction.RUN:
        part = f" to {policy.duty:.0%}" * (policy.action is PolicyAction.THROTTLE)
        parts.append(f"{policy.action.value}{part}, {policy.reason}")
    parts += [f"{each.device}: {each.action.value}, {each.reason}" for each in policy.devices]
    return "; ".join(parts)


def energy_json(shot: Snapshot) -> dict[str, Any]:
    """Return what the report says of energy and rules; None where nothing is known."""
    return {
        "energy": None if shot.energy is None else _energy(shot.energy),
        "policy": None
        if shot.policy is None
        else asdict(shot.policy) | {
            "action": shot.policy.action.value,
            "devices": [asdict(each) | {"action": each.action.value}
                        for each in shot.policy.devices],
        },
    }  # fmt: skip


def per_terahash(joules_per_hash: float) -> str:
    """Return joules by the terahash at four digits: boards need tens, CPUs millions."""
    joules = joules_per_hash * 1e12
    return f"{joules:.4g}" if joules < 10_000 else f"{joules:,.0f}"


def _energy(energy: EnergySnapshot) -> dict[str, Any]:
    per_hash = energy.joules_per_hash
    return asdict(energy) | {
        "kilowatt_hours": energy.joules / _KWH,
        "joules_per_terahash": None if per_hash is None else per_hash * 1e12,
    }


def _amount(total: EnergyTotal, currency: str) -> str:
    kwh = total.joules / _KWH
    shown = f"{kwh:.4g} kWh" if kwh >= 0.001 else f"{total.joules:.4g} J"
    if total.cost is None:
        return shown
    return f"{shown} for {total.cost:.4g}{f' {currency}' if currency else ''}"
