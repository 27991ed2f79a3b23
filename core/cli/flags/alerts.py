"""The flags of alerts."""

import argparse


def add_alert_options(parser: argparse.ArgumentParser) -> None:
    """Add what is worth an alert, and who is told."""
    group = parser.add_argument_group(
        "alerts",
        "Always on screen, in the log and in all that watches the run; besides, whoever is named "
        "here is told when one is raised and when it is over.",
    )
    add = group.add_argument
    add(
        "--alert-command",
        metavar="LINE",
        help="run this program for each, without a shell: the alert is in ALERT_... variables and "
        "as JSON on its standard input; ended after 30 s",
    )
    add(
        "--alert-webhook",
        metavar="URL",
        help="post each there as JSON; within --egress, if that is given",
    )
    add(
        "--alert-notify",
        metavar="URL",
        action="append",
        help="tell chat, mail or phone by apprise (extra notify); repeatable",
    )
    add("--alert-rate", metavar="PERCENT", help="a device is slow below this part of its rate (85)")
    add("--alert-rejects", metavar="PERCENT", help="of the shares that may be rejected (5)")
    add("--alert-temp", metavar="C", help="a sensor is too hot (5 below where its device stops)")
