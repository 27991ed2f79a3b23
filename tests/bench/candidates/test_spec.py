import pytest

from stampmill.bench.candidates.spec import Kind, Spec, parse
from stampmill.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("avx512", Spec(Kind.INSTALLED, "avx512")),
        ("opencl:0", Spec(Kind.INSTALLED, "opencl:0")),
        ("mine:scan", Spec(Kind.FUNCTION, "mine:scan")),
        ("my.own:Kernel", Spec(Kind.FUNCTION, "my.own:Kernel")),
        ("mine.so", Spec(Kind.LIBRARY, "./mine.so")),
        ("./odd", Spec(Kind.LIBRARY, "./odd")),
        ("mine.cl", Spec(Kind.OPENCL_FILE, "./mine.cl")),
        ("./mine.cl@opencl:1", Spec(Kind.OPENCL_FILE, "./mine.cl", "opencl:1")),
    ],
)
def test_a_name_tells_its_kind(tmp_path, monkeypatch, text, spec):
    monkeypatch.chdir(tmp_path)
    for name in ("mine.so", "odd", "mine.cl"):
        (tmp_path / name).touch()
    assert parse(text) == spec
    assert parse(spec.text) == spec


@pytest.mark.parametrize("text", ["gone.so", "no/such", "gone.cl@opencl:0"])
def test_a_file_that_is_not_there_is_an_error(text):
    with pytest.raises(UsageError, match="no kernel in .*: there is no such file"):
        parse(text)


def test_only_what_is_installed_can_be_ours():
    assert parse("avx512").is_ours
    assert not parse("avx512:scan").is_ours
