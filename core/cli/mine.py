"""`stampmill mine`: jobs from a pool, or from the embedded one, to accepted shares."""

import argparse

from stampmill.core.cli import options as shared
from stampmill.core.cli.flags.alerts import add_alert_options
from stampmill.core.cli.flags.energy import add_energy_options
from stampmill.core.cli.flags.surfaces import add_surface_options
from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.errors import ExitCode

_EXAMPLES = """\
examples:
  stampmill mine                                     embedded regtest pool, 30 seconds
  stampmill mine -o pool.example:3333 -u me.rig1     a Stratum v1 pool, until Ctrl-C
  stampmill mine -o http://user:pass@127.0.0.1:8332 --coinbase-addr bc1q...   alone, on a node
  stampmill mine --benchmark --time-limit 5 --json   hash a fixed job, no pool at all
"""


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "mine",
        help=about,
        description="Mines on the pool given by -o. Without one it starts an embedded regtest pool "
        "on loopback, shows an accepted share about every second and stops after 30 s.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
    )
    shared.add_pool_options(parser)
    shared.add_group_options(parser)
    shared.add_connection_options(parser)
    shared.add_solo_options(parser)
    shared.add_device_options(parser)
    add_surface_options(parser)
    add_alert_options(parser)
    add_energy_options(parser)
    shared.add_asic_options(parser)
    _add_run_options(parser)
    _add_output_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Mine and report."""
    settings = shared.settings(options)
    from stampmill.core.cli.run import mining  # noqa: PLC0415  half a second: a wrong call goes without

    return mining.run(options, settings)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    shared.add_config_option(group)
    group.add_argument("--time-limit", metavar="SECONDS", help="stop after so long")
    group.add_argument("--retries", metavar="N", help="failures in a row before exit 4 (never)")
    group.add_argument("--retry-pause", metavar="SECONDS", help="first pause, then doubled (1)")
    group.add_argument("--benchmark", action="store_true", help="hash a fixed job, without a pool")
    group.add_argument(
        "--block-every", metavar="N", help="embedded pool: accepted shares to a block (10)"
    )


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output", "Progress goes to standard error.")
    group.add_argument(
        "--json", action="store_true", help="one object on standard output at the end"
    )
    group.add_argument("--lines", action="store_true", help="no live view, one line per event")
    group.add_argument(
        "--log-json", action="store_true", help="one JSON object per event, instead of lines"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="only warnings and the summary")
    group.add_argument(
        "-P", "--protocol-dump", action="store_true", help="show every line to and from the pool"
    )
