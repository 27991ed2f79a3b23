"""`stampmill bench tune`."""

import argparse
from pathlib import Path

from stampmill.core.cli.bench import output, tune_board, values
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode, UsageError


def add_to(benches: Commands) -> None:
    """Register the command."""
    parser = benches.add_parser(
        "tune",
        help="find the kernel that is fastest here, or on an OpenCL device, and remember it",
        description="Times the C kernels that run here against each other, on one pinned CPU, and "
        "remembers their order for this CPU and this build in $XDG_CACHE_HOME/stampmill/tune.json "
        "(~/.cache by default). Mining then takes the first. A kernel asked for by --kernel or "
        "STAMPMILL_KERNEL still goes before. With --sweep the best points that `bench sweep` found "
        "take part; one that wins is kept beside that file, and mined with. With -d opencl:0 it "
        "does the same for an OpenCL device: how many versions share a schedule, vector width, "
        "work-group and launch time. With -d asic:PATH it searches the clock, and where it can be "
        "set the core voltage, at which an ASIC board does best within its limits, on jobs that "
        "nobody pays for. Mining then sets them on that board, known by its serial number, unless "
        "--asic-frequency or --asic-voltage say otherwise.",
    )
    parser.set_defaults(bench=run)
    add = parser.add_argument
    which = "opencl, or opencl:0 as `stampmill devices` has it, or asic:PATH (cpu)"
    add("-d", "--device", default="cpu", metavar="DEVICE", help=which)
    budget = (
        "how long it may take, about (20; for OpenCL 60; for a board as long as it takes, half an "
        "hour and more); on a busy machine give it more"
    )
    add("--seconds", "--budget", dest="budget", type=values.seconds, metavar="S", help=budget)
    swept = "let the best points of this sweep take part, too: what `bench sweep` wrote"
    add("--sweep", type=Path, metavar="FILE", help=swept)
    add("--cpu", type=int, metavar="N", help="the CPU to pin to (the last one)")
    tune_board.add_options(parser)
    add("--json", action="store_true", help="what was found as JSON on standard output, no table")


def run(options: argparse.Namespace) -> ExitCode:
    """Time the kernels and remember their order."""
    if options.device.partition(":")[0] == "opencl":
        if options.sweep:
            raise UsageError("--sweep is for the C kernels: an OpenCL device is walked by tuning")
        return _run_opencl(options)
    if options.device.partition(":")[0] == "asic":
        return tune_board.run(options)
    if options.device != "cpu":
        raise UsageError(
            f"nothing to tune on '{options.device}': say cpu, opencl, opencl:0 or asic:PATH"
        )
    from stampmill.bench import record, tune  # noqa: PLC0415  mining starts without

    found = tune.tune(
        options.budget or tune.BUDGET,
        values.usable(options.cpu),
        output.progress,
        swept=options.sweep,
    )
    text = record.encode(tune.as_document(found)) if options.json else tune.report(found)
    print(text.rstrip())
    return ExitCode.DONE


def _run_opencl(options: argparse.Namespace) -> ExitCode:
    from stampmill.bench import record  # noqa: PLC0415  mining starts without
    from stampmill.bench.opencl import tune  # noqa: PLC0415

    found = tune.tune_all(options.device, options.budget or tune.BUDGET, output.progress)
    text = record.encode(tune.as_document(found)) if options.json else tune.report(found)
    print(text.rstrip())
    return ExitCode.DONE
