import pytest

from stampmill.core import errors
from stampmill.core.errors import EncodingError, ExitCode, MissingExtraError, StampmillError

EXIT_CODES = {
    "UsageError": 2,
    "NoDeviceError": 3,
    "MissingExtraError": 3,
    "NoPoolError": 4,
    "VerificationError": 5,
    "RegressionError": 6,
    "EncodingError": 1,
    "ScanRequestError": 1,
    "StampmillError": 1,
}


@pytest.mark.parametrize(("name", "code"), EXIT_CODES.items())
def test_an_error_tells_its_exit_code(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code


def test_every_error_of_the_module_is_listed_here() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert {kind.__name__ for kind in kinds if issubclass(kind, StampmillError)} == set(EXIT_CODES)


def test_success_and_interruption_have_their_usual_codes() -> None:
    assert (ExitCode.DONE, ExitCode.INTERRUPTED) == (0, 130)


def test_a_missing_extra_names_the_command_that_cures_it() -> None:
    error = MissingExtraError("the Numba backend", "numba")
    assert str(error) == (
        "the Numba backend needs the extra 'numba': pip install 'stampmill[numba]'"
    )
    assert error.extra == "numba"


def test_a_bad_encoding_can_be_caught_as_a_value_error() -> None:
    assert issubclass(EncodingError, ValueError)
