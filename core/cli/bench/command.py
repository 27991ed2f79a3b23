"""The command itself: what can be measured, and all of it where nothing is named."""

import argparse
from collections.abc import Sequence

from stampmill.core.cli.bench import (
    boards,
    gpu_cost,
    kernels,
    output,
    pipeline,
    show,
    sweep,
    threads,
    tune,
)
from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.errors import ExitCode, NoDeviceError

_EXAMPLES = """\
examples:
  stampmill bench kernels                              all kernels of this machine, side by side
  stampmill bench kernels --kernel generic --kernel numba --rounds 21
  stampmill bench kernels --json > mine.json && pytest-benchmark compare mine.json
  stampmill bench threads --plot threads.svg           one kernel on one CPU, two, and all
  stampmill bench tune                                 find this host's fastest kernel, for good
  stampmill bench tune -d opencl:0 --seconds 120       the same for an OpenCL device
  stampmill bench gpu-cost                             count instructions for GPUs, without one
  stampmill bench pipeline                             the whole path against its targets
  stampmill bench pipeline --only job-switch           one of them
  stampmill bench boards                               the driver of ASIC boards, at emulated ones
"""


def add_to(commands: Commands, about: str) -> None:
    """Register the command and its own commands."""
    parser = commands.add_parser(
        "bench",
        help=about,
        description="Measures this machine. Correctness comes first: a kernel that misses or "
        "invents a nonce is named and nothing is timed (exit 5).",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
    )
    benches = parser.add_subparsers(title="what to measure, or else all of it", metavar="BENCH")
    every = [kernels.add_to(benches), pipeline.add_to(benches), gpu_cost.add_to(benches)]
    threads.add_to(benches)
    sweep.add_to(benches)
    tune.add_to(benches)
    boards.add_to(benches)
    show.add_to(benches)
    parser.set_defaults(run=run, bench=lambda _options: _all(every))


def run(options: argparse.Namespace) -> ExitCode:
    """Run the chosen benchmark."""
    code: ExitCode = options.bench(options)
    return code


def _all(parsers: Sequence[argparse.ArgumentParser]) -> ExitCode:
    """Run each benchmark with its defaults; a line tells of what is not there for one."""
    codes = [ExitCode.DONE]
    for parser in parsers:
        try:
            codes.append(run(parser.parse_args([])))
        except NoDeviceError as error:
            output.progress(f"left out: {parser.prog}: {error}")
    return max(codes)
