"""The command: all checks, a line each, with what to do."""

import argparse
import asyncio
import json
from dataclasses import asdict

from stampmill.core.backends import registry
from stampmill.core.cli import options as shared
from stampmill.core.cli.choice import choose_backends
from stampmill.core.cli.doctor import machine
from stampmill.core.cli.doctor.energy import energy
from stampmill.core.cli.doctor.finding import Finding, Grade, bad, well
from stampmill.core.cli.doctor.pools import ask_pools
from stampmill.core.cli.doctor.rate import measure
from stampmill.core.cli.flags.energy import add_energy_options
from stampmill.core.cli.flags.surfaces import add_surface_options
from stampmill.core.cli.options import Commands
from stampmill.core.cli.surfaces import check_surfaces
from stampmill.core.cli.version import version
from stampmill.core.errors import ExitCode, NoDeviceError
from stampmill.core.settings import MineSettings, PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.egress import Egress

CPU_BACKENDS = ("cpu", "numba", "reference")


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "doctor",
        help=about,
        description="Checks what a run with the same options would need: kernels, devices, clock, "
        "folders, ports, a job from each pool, and the rate. Exit code 1 if something is wrong.",
    )
    shared.add_pool_options(parser)
    shared.add_connection_options(parser)
    shared.add_device_options(parser)
    add_surface_options(parser)
    add_energy_options(parser)
    shared.add_config_option(parser)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Check, and print what was found."""
    settings = shared.settings(options)
    check_surfaces(settings.surfaces)
    findings = asyncio.run(_examine(settings))
    if options.json:
        shown = [asdict(finding) | {"grade": finding.grade.value} for finding in findings]
        print(json.dumps({"findings": shown}))
    else:
        for finding in findings:
            _show(finding)
    failed = any(finding.grade is Grade.BAD for finding in findings)
    return ExitCode.FAILURE if failed else ExitCode.DONE


async def _examine(settings: MineSettings) -> list[Finding]:
    findings = list(machine.kernels(registry.describe_all()))
    findings += await _devices(settings)
    findings.append(machine.clock())
    findings += [*machine.folders(settings), *machine.ports(settings)]
    findings += await ask_pools(settings.pools, lambda pool: _source(settings, pool))
    return findings


async def _devices(settings: MineSettings) -> list[Finding]:
    try:
        choices = choose_backends(settings)
    except NoDeviceError as error:
        return [bad("devices", str(error), "see `stampmill devices`")]
    named = well("devices", ", ".join(choice.name for choice in choices))
    on_cpu = [choice for choice in choices if choice.name in CPU_BACKENDS]
    found = [named, *[await measure(choice) for choice in on_cpu]]
    return found + list(energy(settings, [choice.name for choice in choices]))


def _source(settings: MineSettings, pool: PoolSettings) -> StratumSource:
    egress = Egress(settings.egress, lambda _text: None) if settings.egress else None
    return StratumSource(
        pool,
        RetryPolicy(retries=0),
        user_agent=f"stampmill/{version()}",
        timeouts=settings.timeouts,
        egress=egress,
    )


def _show(finding: Finding) -> None:
    print(f"{finding.grade.value:<8} {finding.check}: {finding.text}")
    if finding.cure:
        print(f"{'':<8} -> {finding.cure}")
