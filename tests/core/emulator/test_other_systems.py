import subprocess
import sys

from tests.core.emulator import other_systems


def test_emulators_and_drivers_can_be_imported_where_there_is_no_terminal_control():
    program = [sys.executable, "-P", other_systems.__file__]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, other_systems.SAID, "")
