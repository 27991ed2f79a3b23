"""Files for the monitors of others: rules, dashboard, unit; each checked by the tool it is for."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'metrics' is not installed")

from prometheus_client.parser import text_string_to_metric_families

import stampmill.core.operate
from stampmill.core.cli.main import parser
from stampmill.core.operate.metrics import collector
from tests.core.operate.cgminer.questions import world

DEPLOY = Path(stampmill.core.operate.__path__[0]) / "deploy"
METRIC = re.compile(r"stampmill_[a-z_]+")


def promtool(*arguments: str) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool here: run make peers")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def known_metrics() -> set[str]:
    """Return the names that are exposed, with what a counter or histogram adds to its own."""
    text = collector.render(world().run.shot, "1.0").decode()
    known = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    families = text_string_to_metric_families(text)
    return known | {sample.name for family in families for sample in family.samples}


def test_the_rules_and_the_configuration_are_valid() -> None:
    promtool("check", "config", str(DEPLOY / "prometheus.yml"))


def test_each_rule_fires_when_it_should_and_not_before() -> None:
    promtool("test", "rules", str(Path(__file__).parent / "alerts_test.yml"))


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_every_metric_that_is_asked_for_exists(name: str) -> None:
    asked = set(METRIC.findall((DEPLOY / name).read_text(encoding="utf-8")))
    assert asked
    assert asked - known_metrics() == set()


def test_the_dashboard_has_a_place_for_each_panel() -> None:
    panels = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)), "two panels overlap"
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def test_the_unit_is_one_and_leaves_little_open() -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze here")
    unit = str(DEPLOY / "stampmill.service")
    for arguments in (("verify", "--man=no"), ("security", "--offline=yes", "--threshold=25")):
        done = subprocess.run([tool, *arguments, unit], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_starts_what_there_is() -> None:
    unit = (DEPLOY / "stampmill.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=/usr/bin/env stampmill (.*)$", unit, re.MULTILINE)
    options = parser().parse_args(line.split())
    assert options.log_json
