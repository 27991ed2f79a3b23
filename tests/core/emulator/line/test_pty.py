import os
import termios
from contextlib import suppress

import pytest

from stampmill.core.emulator.line.pty import PseudoTerminal


@pytest.fixture
def terminal():
    made = PseudoTerminal()
    yield made
    made.close()


@pytest.fixture
def driver(terminal):
    descriptor = os.open(terminal.name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    yield descriptor
    os.close(descriptor)


def test_every_byte_gets_through_both_ways(terminal, driver):
    every = bytes(range(256))
    assert os.write(driver, every) == 256
    assert terminal.read() == every
    assert terminal.write(every) == 256
    assert os.read(driver, 1000) == every
    assert terminal.read() == b""


@pytest.mark.parametrize("name", ["B9600", "B115200", "B1000000", "B3000000"])
def test_the_drivers_rate_is_seen(terminal, driver, name):
    settings = termios.tcgetattr(driver)
    settings[4] = settings[5] = getattr(termios, name)
    termios.tcsetattr(driver, termios.TCSANOW, settings)
    assert terminal.baud == int(name[1:])


def test_a_driver_that_does_not_read_blocks_nothing(terminal, driver):
    taken = sum(terminal.write(bytes(1000)) for _ in range(200))
    assert taken < 200_000
    assert terminal.write(bytes(1000)) == 0


def test_unplugged_the_driver_gets_an_error_or_the_end(terminal, driver):
    terminal.close()
    with suppress(OSError):
        assert os.read(driver, 10) == b""
    with pytest.raises(OSError, match="Input/output"):
        os.write(driver, b"x")
