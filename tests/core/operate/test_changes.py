from dataclasses import replace

from stampmill.core.operate.changes import changes
from stampmill.core.settings import GpuSettings, MineSettings, PoolSettings, SurfaceSettings

A = PoolSettings("stratum+tcp://me:s3cret@a:1", "me", "s3cret")
B = PoolSettings("stratum+tcp://b:2", "me")
OLD = MineSettings(pools=(A, B), threads=2)


def told(new: MineSettings) -> list[str]:
    return [str(change) for change in changes(OLD, new)]


def test_each_setting_is_told_with_what_it_was() -> None:
    new = replace(OLD, threads=4, kernel="avx2", gpu=GpuSettings(power_limit=200.0))
    assert told(new) == [
        "kernel was unset, is avx2",
        "gpu.power-limit was unset, is 200.0",
        "threads was 2, is 4",
    ]
    assert told(OLD) == []


def test_secrets_are_not_told() -> None:
    new = replace(
        OLD,
        surfaces=SurfaceSettings(http_token="t0ken"),
    )
    text = " ".join(told(new))
    assert "http-token was a secret, is another" in text
    assert "t0ken" not in text


def test_pools_are_told_of_elsewhere() -> None:
    assert told(replace(OLD, pools=(B, A))) == []
    assert told(replace(OLD, pools=(A,))) == []
