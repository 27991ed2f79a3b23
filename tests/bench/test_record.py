import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stampmill.bench import record
from stampmill.bench.record import Benchmark
from stampmill.core.errors import UsageError

ROWS = [
    Benchmark("kernels", "fast", [1e-8, 2e-8, 2e-8, 3e-8], 1000, {"kernel": "fast"}, {"lanes": 16}),
    Benchmark("kernels", "slow", [1e-6, 1e-6, 1e-6], 10),
]


def test_has_the_fields_of_pytest_benchmark():
    made = record.document(ROWS)
    assert {"machine_info", "commit_info", "benchmarks", "datetime", "version"} <= made.keys()
    first = made["benchmarks"][0]
    assert first["fullname"] == "kernels::fast"
    assert first["stats"]["median"] == 2e-8
    assert first["stats"]["data"] == [1e-8, 2e-8, 2e-8, 3e-8]
    assert first["stats"]["ops"] == pytest.approx(5e7)
    assert first["stats"]["outliers"] == "2;0"
    assert (first["stats"]["rounds"], first["stats"]["iterations"]) == (4, 1000)


def test_the_real_tool_compares_it(tmp_path):
    for name in ("one.json", "two.json"):
        record.write(record.document(ROWS), tmp_path / name)
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "one.json", "two.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "fast (one)" in done.stdout
    assert "slow (two)" in done.stdout
    assert "Failed to load" not in done.stderr


def test_what_is_written_is_read_back(tmp_path):
    made = record.document(ROWS, [{"name": "rate", "value": 0.99}])
    record.write(made, tmp_path / "result.json")
    assert record.read(tmp_path / "result.json") == made


def test_names_no_host_and_no_path():
    text = json.dumps(record.document(ROWS)["machine_info"])
    assert socket.gethostname() not in text.split('"')
    assert str(Path.home()) not in text
    assert "/" not in text.replace("GNU/Linux", "")


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "is not JSON"), ("{}", "missing .*`machine_info`"), ("[]", "got `array`")],
)
def test_another_file_is_refused_by_name(tmp_path, content, words):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=words) as caught:
        record.read(path)
    assert "other.json" in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="cannot read"):
        record.read(tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot write"):
        record.write({}, tmp_path / "none" / "result.json")
