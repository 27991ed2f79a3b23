"""`stampmill selftest`: prove every kernel that this machine can run."""

import argparse
import json

from stampmill.core.backends import registry
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode, NoDeviceError, StampmillError, VerificationError
from stampmill.core.selftest import prove


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "selftest",
        help=about,
        description="Runs every kernel that this machine supports: known block headers must be "
        "found, and every hit of a range must be reported once, as hashlib sees it. Exit code 5 "
        "if one fails.",
    )
    parser.add_argument("--kernel", metavar="NAME", help="only this one")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Test the kernels and say what came out; a kernel asked for by name must be there."""
    results = {name: _test(name, why_not) for name, why_not in _kernels(options.kernel)}
    if options.json:
        print(json.dumps({"kernels": results}))
    else:
        for name, result in results.items():
            print(f"{name:<10} {result['verdict']}: {result['text']}")
    failed = [name for name, result in results.items() if result["verdict"] == "failed"]
    if failed:
        raise VerificationError(f"self-test failed: {', '.join(failed)}")
    return ExitCode.DONE


def _kernels(only: str | None) -> list[tuple[str, str]]:
    """Return names, and why one cannot run here."""
    if only is not None:
        registry.load_kernel(only)
        return [(only, "")]
    found = [
        (kernel.name, backend.why_not or kernel.why_not)
        for backend in registry.describe_all()
        if backend.takes_kernels
        for kernel in backend.kernels or [backend]
    ]
    if not found:
        raise NoDeviceError("no kernel to test")
    return found


def _test(name: str, why_not: str) -> dict[str, str]:
    if why_not:
        return {"verdict": "skipped", "text": why_not}
    try:
        return {"verdict": "passed", "text": f"{prove(registry.load_kernel(name))} checks"}
    except StampmillError as error:
        return {"verdict": "failed", "text": str(error)}
