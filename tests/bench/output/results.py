"""Results to compare, draw and print."""

from stampmill.bench.record import Benchmark, document


def made(times=None, commit="c0ffee", cpu="Some CPU", threads=()):
    """Return the result of kernels by their seconds per hash, and of one by threads."""
    times = times or {"fast": [1e-8] * 11, "slow": [2e-8, 2.1e-8, 1.9e-8] * 4}
    rows = [
        Benchmark("kernels", name, data, 1000, {"kernel": name}, facts(1 / min(data)))
        for name, data in times.items()
    ]
    rows += [
        Benchmark("threads", f"k[{count}]", [1e-8 / count], 1000,
                  {"kernel": "k", "threads": count}, {"hashes_per_second": 1e8 * count})
        for count in threads
    ]  # fmt: skip
    result = document(rows)
    result["commit_info"]["id"] = commit
    result["machine_info"]["cpu"]["brand_raw"] = cpu
    return result


def facts(rate):
    return {
        "hashes_per_second": rate, "cycles_per_hash": 50.0, "port_limit_cycles_per_hash": 44.6,
        "share_of_limit": 0.89, "freq_after": 4300.0,
    }  # fmt: skip
