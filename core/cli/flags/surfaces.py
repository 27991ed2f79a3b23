"""The flags of what a run is watched and steered by."""

import argparse

API_PLACE = "127.0.0.1:4028"
"""cgminer's port."""
HTTP_PLACE = "127.0.0.1:8080"


def add_surface_options(parser: argparse.ArgumentParser) -> None:
    """Add where the run can be watched and steered from outside."""
    group = parser.add_argument_group(
        "watching and steering",
        "Nothing listens unless told to, and then on this machine only unless told otherwise.",
    )
    add = group.add_argument
    add(
        "--api-listen",
        metavar="HOST:PORT",
        nargs="?",
        const=API_PLACE,
        help=f"serve the cgminer API ({API_PLACE})",
    )
    add(
        "--api-allow",
        metavar="LIST",
        help="who may use it, first match wins: W:127.0.0.1,R:10.0.0.0/24 lets the former change "
        "things and the latter read (this machine may read)",
    )
    add(
        "--http-listen",
        metavar="HOST:PORT",
        nargs="?",
        const=HTTP_PLACE,
        help=f"serve a page to watch the run, and /metrics, over HTTP ({HTTP_PLACE})",
    )
    add(
        "--http-token",
        metavar="TOKEN",
        help="who sends 'Authorization: Bearer TOKEN' may change things over HTTP; others on this "
        "machine see flags, so keep it in the configuration file or STAMPMILL_HTTP_TOKEN",
    )
    add(
        "--axeos",
        action="store_const",
        const="true",
        help="answer over HTTP as AxeOS does, too, for monitors that know nothing else",
    )
