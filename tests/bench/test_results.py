"""The figures that the project quotes: readable by anybody, from a machine without a name."""

import re
import socket
from pathlib import Path

import pytest

from stampmill.bench import record, show, timing

FOLDER = Path(__file__).parents[2] / "bench" / "results"
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FILES = sorted(FOLDER.glob("*.json"))


def test_there_are_results_of_kernels_and_of_the_pipeline():
    assert {"kernels.json", "pipeline.json"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_result_can_be_read_and_shown(path):
    result = record.read(path)
    assert result["machine_info"]["cpu"]["brand_raw"] in show.render(result)


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_result_names_no_host_user_or_folder(path):
    text = path.read_text()
    for secret in (f'"{socket.gethostname()}"', str(Path.home()), str(FOLDER.parents[1]), "/home/"):
        assert secret not in text
    assert "node" not in record.read(path)["machine_info"]


def test_what_is_quoted_was_measured_long_enough():
    kernels = record.read(FOLDER / "kernels.json")["benchmarks"]
    assert all(one["stats"]["rounds"] >= timing.ROUNDS for one in kernels)
    pipeline = record.read(FOLDER / "pipeline.json")
    assert not pipeline["short_run"]
    assert all(target["value"] is not None for target in pipeline["targets"])


def test_the_readme_quotes_the_kernels_as_they_were_measured():
    kernels = record.read(FOLDER / "kernels.json")
    facts = {one["name"]: one["extra_info"] for one in kernels["benchmarks"]}
    shares = {one["name"]: one["value"] for one in kernels["targets"]}
    quoted = re.findall(r"^\| `(\w+)` \| (\d.*) \| (\d.*) \| (.*) \|$", README, re.MULTILINE)
    assert len(quoted) >= 7
    for kernel, rates, cycles, share in quoted:
        rows = [facts[name] for name in names(kernel)]
        assert rates == " / ".join(f"{1e-6 * row['hashes_per_second']:.1f}" for row in rows)
        alone = [row["undisturbed"]["cycles_per_hash"] for row in rows]
        assert cycles == " / ".join(f"{one:,.0f}" for one in alone)
        known = [f"{value:.0%}".rstrip("%") for value in map(shares.get, names(kernel)) if value]
        assert share == (f"{' / '.join(known)} %" if known else "-")


def names(kernel):
    return kernel, f"{kernel}[versions=16]"
