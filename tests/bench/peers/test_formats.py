import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.bench.peers import formats
from stampmill.bench.peers.formats import Miner, Report

# What pooler's cpuminer 2.5.1 printed when it was run by hand.
POOLER = """\
[2026-11-22 09:43:32] 1 miner threads started, using 'sha256d' algorithm.
[2026-11-22 09:43:33] thread 0: 2097152 hashes, 2413 khash/s
[2026-11-22 09:43:33] Total: 2413 khash/s
[2026-11-22 09:43:36] thread 0: 9650368 hashes, 2630 khash/s
[2026-11-22 09:43:36] Total: 2630 khash/s
""".splitlines()


def test_poolers_own_output_is_read():
    assert formats.latest(POOLER) == Report(Miner.POOLER, 2_630_000.0)


@pytest.mark.parametrize(
    ("line", "miner", "rate"),
    [
        ("[2026-01-02 03:04:05] Total: 193.99 MH, 38.52 MH/s, 45C", Miner.CPUMINER_OPT, 38.52e6),
        ("\x1b[01;37mTotal: 512 H, 1.20 kH/s\x1b[0m", Miner.CPUMINER_OPT, 1200.0),
        ("(5s):38.52M (avg):38.10Mh/s | A:0  R:0  HW:0  WU:0.5/m", Miner.CGMINER, 38.10e6),
        ("(5s):5.1G (1m):5G (5m):5G (15m):5G (avg):5.123Gh/s", Miner.CGMINER, 5.123e9),
        ("20s:38.52 avg:38.10 u: 0.00 Mh/s | A:0 R:0+0(none) HW:0/none", Miner.BFGMINER, 38.10e6),
        (" 5s: 5.1 avg: 4.9 u: 1.2 Gh/s | A:3 R:0+0(none) HW:0/none", Miner.BFGMINER, 4.9e9),
    ],
)
def test_each_miners_total_is_read(line, miner, rate):
    report = formats.latest(["", line, "noise"])
    assert report.miner is miner
    assert report.hashes_per_second == pytest.approx(rate)


def test_devices_and_threads_add_up_by_their_last_words():
    hashcat = ["# version: v6.2.6", "1:1400:1695:5000:50.42:1000", "2:1400:-1:-1:50.42:234"]
    assert formats.latest(hashcat) == Report(Miner.HASHCAT, 1234.0)
    threads = [f"thread {n}: 9 hashes, {rate} khash/s" for n, rate in ((0, 5), (1, 2), (0, 3))]
    assert formats.latest(threads) == Report(Miner.POOLER, 5000.0)


@pytest.mark.parametrize("line", ["1:1710:1:1:1.00:9", "Total: lots", "12:30:45 started", ""])
def test_other_lines_tell_nothing(line):
    assert formats.read(line) is None
    assert formats.latest([line]) is None


@given(st.text())
def test_rubbish_tells_nothing_and_breaks_nothing(line):
    formats.read(line)
