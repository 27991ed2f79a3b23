import pytest

from stampmill.core.backends.options import BackendOptions
from stampmill.core.errors import UsageError


@pytest.mark.parametrize("threads", [0, -1, 4097])
def test_refuses_a_number_of_threads_that_cannot_be_meant(threads: int) -> None:
    with pytest.raises(UsageError, match=f"threads: {threads} is not between 1 and 4096"):
        BackendOptions(threads=threads)


@pytest.mark.parametrize("threads", [None, 1, 4096])
def test_takes_any_other_number(threads: int | None) -> None:
    assert BackendOptions(threads=threads).threads == threads
