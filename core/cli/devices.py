"""`stampmill devices`: what could mine here, and why something cannot."""

import argparse
import json
from dataclasses import asdict

from stampmill.core.backends import registry
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.placement import usable_cpus
from stampmill.core.cli import plugged, report
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "devices",
        help=about,
        description="Lists every backend, best first, with its kernels. The one marked * is what "
        "`stampmill mine` takes; --backend and --kernel choose another. Then the ASIC boards on "
        "USB, by what they say they are, with what each still lacks; `stampmill mine -d asic` "
        "takes all that lack nothing.",
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--probe",
        metavar="PORT",
        help="ask what is at a serial port that does not say it by itself: two harmless questions",
    )
    group.add_argument(
        "--watch", action="store_true", help="tell of boards as they are plugged in and out"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the table, or the object; or ask a port, or watch them."""
    if options.probe is not None:
        return _probe(options.probe, as_json=options.json)
    if options.watch:
        plugged.watch(lambda line: print(line, flush=True), as_json=options.json)
    return _list(as_json=options.json)


def _list(*, as_json: bool) -> ExitCode:
    backends = registry.describe_all()
    default = registry.choose_default().name
    if as_json:
        table = [asdict(backend) for backend in backends]
        about = {"default": default, "cpus": len(usable_cpus()), "backends": table}
        print(json.dumps(about | plugged.boards_json()))
    else:
        print(f"{report.plural(len(usable_cpus()), 'CPU')} to mine on")
        for backend in backends:
            _show(backend, backend.name == default)
        for line in plugged.board_lines():
            print(line)
    return ExitCode.DONE


def _probe(port: str, *, as_json: bool) -> ExitCode:
    found = plugged.ask(port)
    print(json.dumps({"port": port, "found": found}) if as_json else f"{port}: {found}")
    return ExitCode.DONE


def _show(backend: BackendInfo, is_default: bool) -> None:
    print(f"{'*' if is_default else ' '} {backend.name:<12}{_state(backend)}")
    if not backend.why_not:
        for kernel in backend.kernels:
            print(f"    {kernel.name:<10}{_state(kernel)}")


def _state(part: BackendInfo | KernelInfo) -> str:
    return f"not available: {part.why_not}" if part.why_not else part.description
