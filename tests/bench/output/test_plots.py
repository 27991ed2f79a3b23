import re

import pytest

from stampmill.bench.output import page, plots
from stampmill.core.errors import MissingExtraError, UsageError

from .results import made

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra 'report')")


def titles(records):
    """Return which figures are drawn, by what each panel calls itself."""
    return [panel.__name__ for panel in plots._panels(records)]


def test_what_there_is_decides_what_is_drawn():
    assert titles([made()]) == ["_roofline", "_distribution"]
    assert titles([made(threads=(1, 2))]) == ["_roofline", "_scaling", "_distribution"]
    assert titles([made(), made()])[-1] == "_history"


def test_latencies_are_drawn_as_histograms_and_go_into_the_page(tmp_path):
    result = made()
    row = {"histogram": {"not_above_seconds": [1e-6, 2e-6], "counts": [3, 1]}}
    for what in ("job_switch", "share_path"):
        stats = {"data": [1e-6] * 4, "median": 1e-6, "rounds": 4}
        result["benchmarks"].append({
            "name": f"10ms_{what}", "fullname": f"latency::10ms_{what}", "stats": stats,
            "params": {"what": what}, "extra_info": row,
        })  # fmt: skip
    assert titles([result]) == ["_roofline", "_distribution", "_job_switch", "_share_path"]
    page.write([result], path := tmp_path / "page.html")
    assert "latency::10ms_job_switch" in path.read_text()


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_all_figures_go_into_one_file(tmp_path, form, start):
    path = tmp_path / f"plot.{form}"
    plots.write([made(commit="old"), made(threads=(1, 2, 4))], path)
    assert path.read_bytes().startswith(start)


def test_the_same_result_gives_the_same_file():
    result = made()
    assert plots.drawn([result], "svg") == plots.drawn([result], "svg")


def test_the_page_is_one_file_with_tables_and_plots(tmp_path):
    path = tmp_path / "page.html"
    page.write([made({"<k>": [1e-8] * 11})], path, ["unstable: 1 < 2"])
    text = path.read_text()
    assert "<td>kernels::&lt;k&gt;</td>" in text
    assert "unstable: 1 &lt; 2" in text
    assert text.count("<svg") == 1
    assert not re.search(r'(src|href)="(?!#)', text)  # nothing is fetched from anywhere


@pytest.mark.parametrize("name", ["plot.gif", "plot"])
def test_an_unknown_form_is_an_error(name, tmp_path):
    with pytest.raises(UsageError, match="its name ends in .png, .svg, .pdf"):
        plots.check(tmp_path / name)


def test_nothing_to_draw_is_an_error():
    with pytest.raises(UsageError, match="nothing to plot"):
        plots.drawn([{"benchmarks": []}], "svg")


def test_a_folder_that_is_not_there_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "drawn", lambda *_: b"<svg></svg>")
    for write in (plots.write, page.write):
        with pytest.raises(UsageError, match=r"cannot write .*none"):
            write([made()], tmp_path / "none" / "x.svg")


def test_without_matplotlib_the_extra_is_named(monkeypatch, tmp_path):
    def missing(_name):
        raise ModuleNotFoundError

    monkeypatch.setattr(plots.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r"stampmill\[report\]"):
        plots.check(tmp_path / "x.png")
