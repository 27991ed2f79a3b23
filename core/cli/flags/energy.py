"""The flags of energy and rules."""

import argparse

_PRICES = """\
Power is known from boards, from NVIDIA's cards (extra gpu), from the CPU's own counters where this
user may read them, or from you: --power cpu=65. Prices are of a kilowatt-hour: one that always
holds, others at some hours, or a file (CSV: start,price) that is read again when it changes:
  --price 0.31 --price-band "22:00-06:00=0.21" --price-band "sat-sun 00:00-24:00=0.19"
  --price-file tomorrow.csv --currency EUR --time-zone Europe/Berlin"""

_RULES = """\
Several rules may hold at once: the strictest wins, and each decision is said with its reason. What
the rules pause you cannot resume, and what you pause they do not:
  --mine-hours 22:00-06:00 --mine-hours "sat-sun 00:00-24:00"
  --pause-above-price 0.30 --resume-below-price 0.25 --temp-limit 85 --on-battery pause"""


def add_energy_options(parser: argparse.ArgumentParser) -> None:
    """Add how energy is metered and what it costs, and the rules that go by it."""
    add = parser.add_argument_group("energy", _PRICES).add_argument
    add(
        "--energy-meter",
        metavar="on|off",
        help="meter what can be metered, and keep it by day in $XDG_STATE_HOME/stampmill (on)",
    )
    add(
        "--power",
        metavar="DEVICE=W[/W]",
        action="append",
        help="watts of a device or backend at work, and at rest (0); goes before what meters say; "
        "repeatable: --power cpu=65/8 --power asic:/dev/ttyACM0=18",
    )
    add("--price", metavar="PRICE", help="of a kilowatt-hour when nothing else says one")
    add(
        "--price-band",
        metavar="HOURS=PRICE",
        action="append",
        help="at some hours, the first that fits holds; repeatable",
    )
    add(
        "--price-file",
        metavar="FILE",
        help="prices by time: CSV lines start,price or start,end,price, or JSON; goes before "
        "--price-band and --price",
    )
    add("--price-file-unit", metavar="kWh|MWh", help="what the file's prices are of (kWh)")
    add("--currency", metavar="NAME", help="what prices are in, such as EUR")
    add("--time-zone", metavar="ZONE", help="of all hours, as Europe/Berlin (this machine's)")
    _add_rules(parser)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("rules", _RULES).add_argument
    add(
        "--mine-hours",
        metavar="[DAYS ]HH:MM-HH:MM",
        action="append",
        help="mine at these hours only; may go over midnight; repeatable",
    )
    add("--off-hours", metavar="pause|throttle", help="what to do at others (pause)")
    add("--pause-above-price", metavar="PRICE", help="rest while a kilowatt-hour costs more")
    add(
        "--resume-below-price",
        metavar="PRICE",
        help="go on at this price or a lower one (as soon as it is not above)",
    )
    add("--on-high-price", metavar="pause|throttle", help="what to do above it (pause)")
    add(
        "--on-unknown-price",
        metavar="run|throttle|pause",
        help="what to do when the file has ended or has a gap, and nothing else says a price (run)",
    )
    add("--temp-limit", metavar="C", help="let each device rest at so many degrees")
    add("--temp-resume", metavar="C", help="it goes on at this (5 below)")
    add("--on-heat", metavar="pause|throttle", help="what a device too hot does (pause)")
    add("--on-battery", metavar="run|throttle|pause", help="what to do without mains power (run)")
    add(
        "--throttle-to",
        metavar="PERCENT",
        help="the part of the time that throttled devices work, 10 .. 90 (50): CPUs in turns of "
        "10 s, GPUs of a minute, boards of 10 minutes",
    )
