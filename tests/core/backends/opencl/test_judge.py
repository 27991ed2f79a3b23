from dataclasses import replace

import pytest

from stampmill.core.backends.opencl.judge import Judge
from stampmill.core.backends.opencl.nvml import Process, Reading
from stampmill.core.backends.options import GpuManners
from stampmill.core.errors import UsageError

QUIET = Reading((), 100, 60.0, 200.0, 8 << 30)
"""Nobody but us, at full load."""
IDLE_SERVER = Process(10, "server", True, 0)
DESKTOP = Process(11, "Xorg", False, 2)


def seen(*others: Process, **more: object) -> Reading:
    return replace(QUIET, others=others, **more)


def judged(manners: GpuManners, *readings: Reading) -> list[str]:
    """Return the judgements, a second apart."""
    judge = Judge(manners)
    return [judge.why_rest(reading, 100.0 + i) for i, reading in enumerate(readings)]


def rests(manners: GpuManners, *readings: Reading) -> list[bool]:
    return [bool(why) for why in judged(manners, *readings)]


MANNERS = GpuManners(resume_delay=3)


def test_works_beside_nobody_a_desktop_and_a_server_that_waits() -> None:
    assert rests(MANNERS, *3 * [seen(IDLE_SERVER, DESKTOP)]) == [False] * 3


@pytest.mark.parametrize("busy", [replace(IDLE_SERVER, load=5), replace(DESKTOP, load=60)])
def test_rests_while_another_process_works_and_for_the_delay(busy: Process) -> None:
    idle = replace(busy, load=0)
    quiet = [seen(idle, load=0)] * 4
    whys = judged(MANNERS, seen(idle), seen(busy), seen(busy), *quiet)
    assert [bool(why) for why in whys] == [False, True, True, True, True, False, False]
    assert whys[1] == f"another process uses it: {busy.name} ({busy.pid})"


def test_rests_for_a_computing_process_that_has_just_come() -> None:
    come = [seen(IDLE_SERVER, load=0)] * 4
    assert rests(MANNERS, seen(), *come) == [False, True, True, True, False]
    assert not any(rests(MANNERS, seen(), seen(DESKTOP))), "windows come and go"


def test_without_loads_a_computing_process_counts_as_long_as_it_is_there() -> None:
    there = seen(replace(IDLE_SERVER, load=None), replace(DESKTOP, load=None), load=None)
    assert rests(MANNERS, *5 * [there], *4 * [seen(DESKTOP, load=0)]) == [True] * 7 + [False] * 2


def test_load_that_is_not_ours_keeps_it_at_rest() -> None:
    busy = seen(replace(IDLE_SERVER, load=50))
    by_whom_is_not_seen = seen(IDLE_SERVER, load=50)
    readings = [busy, *6 * [by_whom_is_not_seen], *3 * [seen(IDLE_SERVER, load=0)]]
    assert rests(MANNERS, *readings) == [True] * 9 + [False]
    # Our own last launch is in the load that is read just after it.
    assert rests(MANNERS, busy, seen(), *2 * [seen(load=0)]) == [True, True, True, False]


def test_goes_on_only_where_it_would_find_memory() -> None:
    busy, full = seen(replace(IDLE_SERVER, load=50)), seen(IDLE_SERVER, load=0, free_memory=1 << 20)
    readings = [full, busy, *5 * [full], *3 * [seen(IDLE_SERVER, load=0)]]
    assert rests(MANNERS, *readings) == [False] + [True] * 8 + [False]


def test_impolite_asks_for_nobody() -> None:
    busy = seen(replace(IDLE_SERVER, load=100), free_memory=0)
    assert not any(rests(replace(MANNERS, polite=False), busy, busy))


def test_in_a_container_only_limits_count() -> None:
    blind = replace(QUIET, others=None)
    manners = replace(MANNERS, temperature_limit=80)
    assert rests(manners, blind, replace(blind, temperature=90.0)) == [False, True]


def test_rests_at_the_temperature_limit_until_it_is_cooler_by_five_degrees() -> None:
    temperatures = [79.0, 80.0, 79.0, 76.0, 75.0, 79.0, None]
    manners = GpuManners(polite=False, temperature_limit=80)
    whys = judged(manners, *(replace(QUIET, temperature=each) for each in temperatures))
    assert [bool(why) for why in whys] == [False, True, True, True, False, False, False]
    assert whys[1] == "80 C, the limit is 80"


def test_rests_at_the_power_limit_for_the_delay_and_until_it_is_a_tenth_below() -> None:
    watts = [299.0, 300.0, 50.0, 50.0, 280.0, 269.0, 299.0, None]
    manners = replace(MANNERS, polite=False, power_limit=300)
    whys = judged(manners, *(replace(QUIET, power=each) for each in watts))
    assert [bool(why) for why in whys] == [False, True, True, True, True, False, False, False]
    assert whys[1] == "it drew more than 300 W"


def test_every_reason_is_told() -> None:
    manners = replace(MANNERS, temperature_limit=80, power_limit=100)
    (why,) = judged(manners, seen(replace(IDLE_SERVER, load=9), temperature=90.0))
    assert why.count(";") == 2


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"temperature_limit": 10.0}, "gpu-temp-limit: 10 is not 30 .. 120 C"),
        ({"power_limit": 0.0}, "gpu-power-limit: 0 is not 1 .. 5000 W"),
        ({"resume_delay": 0.0}, "gpu-resume-delay: 0 is not above 0 and up to 86400 s"),
    ],
)
def test_a_limit_out_of_range_is_refused(said: dict[str, float], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        GpuManners(**said)
