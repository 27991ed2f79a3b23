"""`stampmill bench`: how right and how fast the kernels are, and what the whole path costs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.errors import ExitCode, RegressionError, UsageError

_EXAMPLES = """\
examples:
  stampmill bench kernels                              all kernels of this machine, side by side
  stampmill bench kernels --kernel generic --kernel numba --rounds 21
  stampmill bench kernels --json > mine.json && pytest-benchmark compare mine.json
  stampmill bench tune                                 find this host's fastest kernel, for good
  stampmill bench pipeline                             the whole path against its targets
  stampmill bench pipeline --only job-switch           one of them
"""


def add_to(commands: Commands) -> None:
    """Register the command and its own commands."""
    parser = commands.add_parser(
        "bench",
        help="measure kernels against each other, and the whole path against its targets",
        description="Measures this machine. Correctness comes first: a kernel that misses or "
        "invents a nonce is named and nothing is timed (exit 5).",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
    )
    benches = parser.add_subparsers(title="what to measure, or else all of it", metavar="BENCH")
    every = [_add_kernels(benches), _add_pipeline(benches)]
    _add_tune(benches)
    _add_show(benches)
    parser.set_defaults(run=run, bench=lambda _options: _all(every))


def run(options: argparse.Namespace) -> ExitCode:
    """Run the chosen benchmark."""
    code: ExitCode = options.bench(options)
    return code


def _add_kernels(benches: Commands) -> argparse.ArgumentParser:
    parser = benches.add_parser(
        "kernels",
        help="every kernel that runs here: right or wrong, and how fast",
        description="Checks each kernel against hashlib, then times all of them in turn on one "
        "pinned CPU over the same nonces. The ratio is to the first in the table, round by round, "
        "so that what slows a whole round down does not count.",
        formatter_class=HelpFormatter,
    )
    parser.set_defaults(bench=_kernels)
    add = parser.add_argument
    add("--kernel", action="append", default=[], metavar="NAME", help="only this one; repeatable")
    add("--rounds", type=_count, metavar="N", help="rounds (11; fewer are not worth quoting)")
    add("--seconds", type=_seconds, metavar="S", help="shortest scan of a round (0.2)")
    most = "versions that share a scan's work; repeatable (1, and the kernel's most)"
    add("--versions", type=_count, action="append", metavar="K", help=most)
    add("--cpu", type=int, metavar="N", help="the CPU to pin to (the last one)")
    _add_output_options(parser)
    return parser


def _add_pipeline(benches: Commands) -> argparse.ArgumentParser:
    parser = benches.add_parser(
        "pipeline",
        help="the whole path against its targets: rate, latencies, start, memory, soak",
        description="Measures the whole miner, each part in fresh processes with the pool in one "
        "of its own: its rate beside the bare kernel's; from a job read to all threads on it, and "
        "from a nonce found to its submit written, under a clean job every 100 ms; from the start "
        "to the first hash; memory; and what grows over 3,600 jobs. Takes about five minutes, and "
        "wants an otherwise idle machine.",
    )
    parser.set_defaults(bench=_pipeline)
    add = parser.add_argument
    add("--only", action="append", default=[], metavar="NAME",
        help="a target or part, such as job-switch, rate, start or soak; repeatable")  # fmt: skip
    add("--quick", action="store_true", help="some seconds each, to see that it works")
    patience = "repeat a part that other processes disturbed, each for at most so long (0)"
    add("--patience", type=_seconds, default=0.0, metavar="S", help=patience)
    add("--check", action="store_true", help="exit 6 unless every target is met")
    _add_output_options(parser)
    return parser


def _add_tune(benches: Commands) -> None:
    parser = benches.add_parser(
        "tune",
        help="find the C kernel that is fastest here, and remember it",
        description="Times the C kernels that run here against each other, on one pinned CPU, and "
        "remembers their order for this CPU and this build in $XDG_CACHE_HOME/stampmill/tune.json "
        "(~/.cache by default). Mining then takes the first. A kernel asked for by --kernel or "
        "STAMPMILL_KERNEL still goes before.",
    )
    parser.set_defaults(bench=_tune)
    add = parser.add_argument
    budget = "how long it may take, about (20); on a busy machine give it more"
    add("--budget", type=_seconds, metavar="S", help=budget)
    add("--cpu", type=int, metavar="N", help="the CPU to pin to (the last one)")
    add("--json", action="store_true", help="what was found as JSON on standard output, no table")


def _add_show(benches: Commands) -> None:
    parser = benches.add_parser(
        "show",
        help="print a result file",
        description="Prints what a file written by --output or --json holds.",
    )
    parser.set_defaults(bench=_show)
    parser.add_argument("file", type=Path, metavar="FILE")


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="pytest-benchmark's JSON on standard output, no table"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the JSON to a file")


def _all(parsers: Sequence[argparse.ArgumentParser]) -> ExitCode:
    """Run each benchmark with its defaults."""
    codes = [run(parser.parse_args([])) for parser in parsers]
    return max(codes)


def _kernels(options: argparse.Namespace) -> ExitCode:
    from stampmill.bench import catalogue, kernels, timing  # noqa: PLC0415  mining starts without

    plan = kernels.Plan(
        options.rounds or timing.ROUNDS,
        options.seconds or timing.ROUND_SECONDS,
        _usable(options.cpu),
        options.versions,
    )
    chosen = catalogue.load(options.kernel, skipped=_progress)
    comparison = kernels.compare(chosen, plan, _progress)
    _publish(options, kernels.as_document(comparison), kernels.report(comparison))
    return ExitCode.DONE


def _pipeline(options: argparse.Namespace) -> ExitCode:
    from stampmill.bench.pipeline import effort, parts  # noqa: PLC0415  mining starts without

    extent = effort.QUICK if options.quick else effort.FULL
    findings = parts.measure(options.only, extent, _progress, options.patience)
    _publish(options, parts.as_document(findings, extent), parts.report(findings, extent))
    if options.check and (missed := parts.missed(findings)):
        raise RegressionError(f"not met: {', '.join(missed)}")
    return ExitCode.DONE


def _tune(options: argparse.Namespace) -> ExitCode:
    from stampmill.bench import record, tune  # noqa: PLC0415  mining starts without

    found = tune.tune(options.budget or tune.BUDGET, _usable(options.cpu), _progress)
    text = record.encode(tune.as_document(found)) if options.json else tune.report(found)
    print(text.rstrip())
    return ExitCode.DONE


def _show(options: argparse.Namespace) -> ExitCode:
    from stampmill.bench import record, show  # noqa: PLC0415  mining starts without

    print(show.render(record.read(options.file)))
    return ExitCode.DONE


def _publish(options: argparse.Namespace, document: dict[str, object], text: str) -> None:
    from stampmill.bench import record  # noqa: PLC0415  mining starts without

    if options.output is not None:
        record.write(document, options.output)
    print(record.encode(document) if options.json else text, end="" if options.json else "\n")


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _usable(cpu: int | None) -> int | None:
    from stampmill.bench.machine import usable_cpus  # noqa: PLC0415  mining starts without

    if cpu is not None and cpu not in usable_cpus():
        raise UsageError(f"no CPU {cpu} for this process; it has {_listed(usable_cpus())}")
    return cpu


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds up to 3600")
    return seconds
