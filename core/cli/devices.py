"""`stampmill devices`: what could mine here, and why something cannot."""

import argparse
import json
from dataclasses import asdict

from stampmill.core.backends import registry
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.placement import usable_cpus
from stampmill.core.cli import report
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode


def add_to(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "devices",
        help="list backends and kernels, and why one is not available",
        description="Lists every backend, best first, with its kernels. The one marked * is what "
        "`stampmill mine` takes; --backend and --kernel choose another.",
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the table, or the object."""
    backends = registry.describe_all()
    default = registry.choose_default().name
    if options.json:
        table = [asdict(backend) for backend in backends]
        print(json.dumps({"default": default, "cpus": len(usable_cpus()), "backends": table}))
    else:
        print(f"{report.plural(len(usable_cpus()), 'CPU')} to mine on")
        for backend in backends:
            _show(backend, backend.name == default)
    return ExitCode.DONE


def _show(backend: BackendInfo, is_default: bool) -> None:
    print(f"{'*' if is_default else ' '} {backend.name:<12}{_state(backend)}")
    if not backend.why_not:
        for kernel in backend.kernels:
            print(f"    {kernel.name:<10}{_state(kernel)}")


def _state(part: BackendInfo | KernelInfo) -> str:
    return f"not available: {part.why_not}" if part.why_not else part.description
