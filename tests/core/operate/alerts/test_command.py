"""A real program, run for an alert."""

import asyncio
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from stampmill.core.errors import UsageError
from stampmill.core.operate.alerts.command import Command
from stampmill.core.operate.alerts.outlet import DeliveryError
from tests.core.operate.alerts.test_outlet import numbered

HERE = {"PATH": os.environ["PATH"], "KEPT": "1", "STAMPMILL_PASS": "s3cret", "NOTIFY_SOCKET": "/n"}


def python(code: str) -> str:
    return f'{sys.executable} -c "{code}" argument'


def run(line: str, limit: float = 60.0) -> None:
    asyncio.run(Command(line, HERE, limit).send(numbered(7)))


def test_it_gets_the_alert_as_variables_and_json_and_no_secret(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(python(
        "import json, os, sys; "
        f"json.dump([sys.argv[1:], dict(os.environ), json.load(sys.stdin)], open('{out}', 'w'))"
    ))  # fmt: skip
    arguments, environ, told = json.loads(out.read_text())
    assert arguments == ["argument"]
    assert (environ["ALERT_SUBJECT"], environ["KEPT"]) == ("7", "1")
    assert not environ.keys() & {"STAMPMILL_PASS", "NOTIFY_SOCKET"}
    assert told == numbered(7).fields


def test_no_shell_looks_at_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import sys; open('{out}', 'w').write(' '.join(sys.argv[1:]))"
    asyncio.run(Command(f'{sys.executable} -c "{code}" $HOME ; *', HERE).send(numbered(0)))
    assert out.read_text() == "$HOME ; *"


def test_one_that_fails_is_told_with_its_exit_code() -> None:
    with pytest.raises(DeliveryError, match="failed with exit code 3"):
        run(python("raise SystemExit(3)"))


def test_one_that_reads_nothing_has_not_failed() -> None:
    run(python("import os; os.close(0)"))


def test_one_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    out = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        f"open('{out}.new', 'w').write(str(child.pid)); os.rename('{out}.new', '{out}'); "
        "time.sleep(600)"
    )

    async def hang() -> None:
        sending = asyncio.create_task(Command(python(code), HERE, 600.0).send(numbered(0)))
        while not out.exists():  # noqa: ASYNC110  it is another process that makes it
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    asyncio.run(hang())
    state = Path("/proc", out.read_text(), "stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_the_time_limit_is_told() -> None:
    with pytest.raises(DeliveryError, match=r"was ended: 0\.05 s are enough"):
        run(python("import time; time.sleep(600)"), 0.05)


def test_one_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    command = Command(str(script), HERE)
    with pytest.raises(DeliveryError, match="cannot be run: No such file"):
        asyncio.run(command.send(numbered(0)))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("no-such-program -x", "there is no program 'no-such-program'"),
        ("'s3cret", "it cannot be parted: no closing quotation"),
        ("  ", "it is empty"),
    ],
)
def test_what_names_no_program_is_a_usage_error(line: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Command(line)
