"""`stampmill bench gpu-cost`."""

import argparse

from stampmill.core.cli.bench import output
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode, RegressionError


def add_to(benches: Commands) -> argparse.ArgumentParser:
    """Register the command and return its parser."""
    parser: argparse.ArgumentParser = benches.add_parser(
        "gpu-cost",
        help="instructions per hash of the OpenCL kernels on GPUs; none has to be there",
        description="Compiles the OpenCL kernels for several GPUs, counts the instructions of a "
        "hash in the machine code, and judges them against their targets. Needs clang (Debian's "
        "clang-19) and NVIDIA's ptxas, nvdisasm and NVRTC (make gpu-tools).",
    )
    parser.set_defaults(bench=run)
    parser.add_argument("--check", action="store_true", help="exit 6 if a target is missed")
    output.add_options(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Count, judge and report."""
    from stampmill.bench.opencl import cost  # noqa: PLC0415  mining starts without

    output.check(options)
    document = cost.measure(output.progress)
    output.publish(options, document, cost.report(document))
    missed = [each["title"] for each in document["targets"] if each["verdict"] != "met"]
    if options.check and missed:
        raise RegressionError(f"not met: {', '.join(missed)}")
    return ExitCode.DONE
