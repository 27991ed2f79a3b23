"""The metrics, read back by prometheus-client's own parser."""

import math
import shutil
import subprocess
from dataclasses import replace

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'metrics' is not installed")

from prometheus_client.parser import text_string_to_metric_families

from stampmill.core.operate.metrics import collector
from stampmill.core.snapshot import (
    Alert,
    AlertKind,
    Latency,
    PoolStanding,
    Quantity,
    Sensor,
    Snapshot,
)
from tests.core.operate.cgminer.questions import world
from tests.core.snapshots import DEVICE, SHARES, SOURCE, snapshot


def samples(shot: Snapshot) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return each sample's value by name and labels; none comes twice."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in text_string_to_metric_families(collector.render(shot, "1.0").decode()):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, key
            found[key] = sample.value
    return found


def value(shot: Snapshot, name: str, **labels: str) -> float:
    return samples(shot)[f"stampmill_{name}", frozenset(labels.items())]


def test_shares_are_told_by_pool_fate_and_reason() -> None:
    shot = world().run.shot
    for pool, result, reason, count in (
        ("stratum+tcp://a:1", "accepted", "", 21),
        ("stratum+tcp://a:1", "rejected", "", 0),
        ("stratum+tcp://b,1:2", "rejected", "duplicate", 2),
    ):
        assert value(shot, "shares_total", pool=pool, result=result, reason=reason) == count
    assert value(shot, "pool_up", pool="stratum+tcp://b,1:2") == 0
    assert value(shot, "pool_faults_total", pool="stratum+tcp://b,1:2", reason="refused") == 3
    accepted_at = value(shot, "pool_last_accept_timestamp_seconds", pool="stratum+tcp://a:1")
    assert accepted_at == 1_763_999_999


def test_devices_are_told_in_base_units() -> None:
    sensors = (Sensor(Quantity.TEMPERATURE, "chip", 62.5), Sensor(Quantity.FREQUENCY, "chips", 5e8))
    shot = snapshot(devices=(replace(DEVICE, sensors=sensors, alive=False),))
    assert value(shot, "hashes_total", device="cpu0", backend="cpu") == 24_000_000
    assert value(shot, "hashrate_hashes_per_second", device="cpu0", window="1m") == 4e6
    assert value(shot, "device_up", device="cpu0", backend="cpu") == 0
    assert value(shot, "device_temperature_celsius", device="cpu0", sensor="chip") == 62.5
    assert value(shot, "device_frequency_hertz", device="cpu0", sensor="chips") == 5e8


def test_latencies_are_histograms_that_only_grow_to_the_right() -> None:
    buckets = (0, 0, 3, *[0] * 14, 2)
    answers = Latency(5, 0.0002, 30.0, 60.0006, buckets)
    shot = snapshot(pools=(PoolStanding(SOURCE, active=True, shares=SHARES, answer=answers),))
    pool = "stratum+tcp://a:1"
    assert value(shot, "share_latency_seconds_bucket", pool=pool, le="0.0001") == 0
    assert value(shot, "share_latency_seconds_bucket", pool=pool, le="10") == 3
    assert value(shot, "share_latency_seconds_bucket", pool=pool, le="+Inf") == 5
    assert value(shot, "share_latency_seconds_count", pool=pool) == 5
    assert value(shot, "share_latency_seconds_sum", pool=pool) == pytest.approx(60.0006)


def test_what_is_not_known_is_not_told() -> None:
    shot = snapshot(
        devices=(), pools=(), job=None, job_difficulty=None, network_difficulty=math.nan,
        expected_share_seconds=None,
    )  # fmt: skip
    names = {name for name, _ in samples(shot)}
    for absent in ("job_difficulty", "network_difficulty", "block_height", "pool_up", "device_up"):
        assert f"stampmill_{absent}" not in names


def test_a_pause_is_told_with_its_reason() -> None:
    assert value(snapshot(), "policy_state", state="run", reason="") == 1
    assert value(snapshot(paused="SIGUSR1"), "policy_state", state="pause", reason="SIGUSR1") == 1


def test_pools_and_devices_of_one_name_are_told_apart() -> None:
    standing = PoolStanding(SOURCE, active=True, shares=SHARES, answer=Latency(0, None, None))
    shot = snapshot(devices=(DEVICE, DEVICE), pools=(standing, standing))
    assert value(shot, "device_up", device="cpu0 #2", backend="cpu") == 1
    assert value(shot, "pool_up", pool="stratum+tcp://a:1 #2") == 1


def test_promtool_finds_nothing_to_complain_of() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool here: run make peers")
    text = collector.render(world().run.shot, "1.0")
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_alerts_are_told_while_they_stand_and_counted_for_ever() -> None:
    alert = Alert(AlertKind.TEMPERATURE, "cpu0", "chip 90 C", 1.0)
    raised = ((AlertKind.TEMPERATURE, "cpu0", 2), (AlertKind.TEMPERATURE, "cpu1", 1))
    sent = (("command-sent", 3), ("webhook-failed", 1))
    shot = snapshot(alerts=(alert,), alerts_raised=raised, alerts_sent=sent)
    assert value(shot, "alert", kind="temperature", subject="cpu0") == 1
    assert value(shot, "alerts_raised_total", kind="temperature") == 3
    assert value(shot, "alerts_raised_total", kind="block-found") == 0
    assert value(shot, "alerts_sent_total", channel="webhook", outcome="failed") == 1
