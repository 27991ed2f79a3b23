import json

import pytest

from stampmill.core.emulator.line.link import Link
from stampmill.core.errors import UsageError


def test_the_name_leads_to_the_port_and_a_file_tells_about_it(tmp_path):
    link = Link(tmp_path / "board", {"zero_bits": 12})
    link.put("/dev/pts/77")
    assert str((tmp_path / "board").readlink()) == "/dev/pts/77"
    assert json.loads((tmp_path / "board.json").read_text()) == {"zero_bits": 12}
    link.put("/dev/pts/78")
    assert str((tmp_path / "board").readlink()) == "/dev/pts/78"
    link.take_away()
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_was_left_is_replaced(tmp_path):
    (tmp_path / "board").symlink_to("/dev/pts/1234")
    Link(tmp_path / "board").put("/dev/pts/5")
    assert str((tmp_path / "board").readlink()) == "/dev/pts/5"


def test_a_real_file_is_never_touched(tmp_path):
    (tmp_path / "board").write_text("mine")
    with pytest.raises(UsageError, match="it is no link"):
        Link(tmp_path / "board")
    assert (tmp_path / "board").read_text() == "mine"


def test_one_that_became_a_real_file_is_left_alone(tmp_path):
    link = Link(tmp_path / "board")
    link.put("/dev/pts/5")
    (tmp_path / "board").unlink()
    (tmp_path / "board").write_text("mine")
    link.take_away()
    assert (tmp_path / "board").read_text() == "mine"


def test_one_that_another_emulator_took_over_is_left_to_it(tmp_path):
    first = Link(tmp_path / "board", {"zero_bits": 12})
    first.put("/dev/pts/5")
    Link(tmp_path / "board", {"zero_bits": 20}).put("/dev/pts/6")
    first.take_away()
    assert str((tmp_path / "board").readlink()) == "/dev/pts/6"
    assert (tmp_path / "board.json").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        Link(tmp_path / "nowhere" / "board")
