from stampmill.bench.output import machine_readable

from .results import made


def test_each_rate_is_a_line_as_hashcat_writes_it():
    result = made({"opencl:0": [2e-8] * 11})
    result["benchmarks"].append({"name": "latency", "stats": {"median": 1.0}, "extra_info": {}})
    first, second, line = machine_readable.render(result).splitlines()
    assert first.startswith("# Some CPU")
    assert second == "# device 1: opencl:0"
    # device, mode, MHz of core and memory, ms of a run, hashes per second
    assert line == "1:sha256d:4300:-1:0.02:50000000"


def test_an_unknown_clock_is_minus_one():
    result = made({"k": [1.0]})
    result["benchmarks"][0]["extra_info"]["freq_after"] = None
    assert machine_readable.render(result).splitlines()[-1].split(":")[2] == "-1"
