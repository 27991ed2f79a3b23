"""`stampmill bench pipeline`."""

import argparse
from dataclasses import replace

from stampmill.core.cli.bench import output, values
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode, RegressionError, UsageError


def add_to(benches: Commands) -> argparse.ArgumentParser:
    """Register the command."""
    parser = benches.add_parser(
        "pipeline",
        help="the whole path against its targets: rate, latencies, start, memory, soak",
        description="Measures the whole miner, each part in fresh processes with the pool in one "
        "of its own: its rate beside the bare kernel's; from a job read to all threads on it, and "
        "from a nonce found to its submit written, under a clean job every 100 ms, and at paces "
        "from 10 ms to 30 s; from the start to the first hash; memory; and what grows over 3,600 "
        "jobs. Takes about ten minutes, and "
        "wants an otherwise idle machine.",
    )
    parser.set_defaults(bench=run)
    add = parser.add_argument
    only = "a target or part, such as job-switch, rate, start or soak; repeatable"
    add("--only", action="append", default=[], metavar="NAME", help=only)
    add("--quick", action="store_true", help="some seconds each, to see that it works")
    device = "the latencies of this OpenCL device, such as opencl:0, and nothing else"
    add("-d", "--device", default="", metavar="DEVICE", help=device)
    priority = "of the miner's threads: idle as users have it, or normal, beside other work (idle)"
    add("--cpu-priority", choices=["idle", "normal"], default="idle", help=priority)
    patience = "repeat a part that other processes disturbed, each for at most so long (0)"
    add("--patience", type=values.seconds, default=0.0, metavar="S", help=patience)
    add("--check", action="store_true", help="exit 6 unless every target is met")
    output.add_options(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Measure the parts; with --check a missed target is an error."""
    # Mining starts without.
    from stampmill.bench.pipeline import effort, parts  # noqa: PLC0415
    from stampmill.core.backends.options import CpuPriority  # noqa: PLC0415

    output.check(options)
    if options.device and options.device.partition(":")[0] != "opencl":
        raise UsageError(f"no OpenCL device '{options.device}': write opencl:0")
    extent = replace(
        effort.QUICK if options.quick else effort.FULL,
        device=options.device,
        priority=CpuPriority(options.cpu_priority),
    )
    findings = parts.measure(options.only, extent, output.progress, options.patience)
    output.publish(options, parts.as_document(findings, extent), parts.report(findings, extent))
    if options.check and (missed := parts.missed(findings)):
        raise RegressionError(f"not met: {', '.join(missed)}")
    return ExitCode.DONE
