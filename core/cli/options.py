"""Command-line options shared by commands, and pools as repeated groups of them."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stampmill.core.errors import UsageError

if TYPE_CHECKING:
    from stampmill.core.settings import MineSettings

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  has no public name
else:
    Commands = Any


class HelpFormatter(argparse.HelpFormatter):
    """Wraps descriptions, but leaves the lines of examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(f"{indent}{line}\n" for line in text.splitlines())
        return super()._fill_text(text, width, indent)


class _PoolAction(argparse.Action):
    """Collect -o, -u, -p, -O into groups: each -o begins a pool, what follows belongs to it.

    Options in front of the first -o belong to the first pool, as `minerd -u me -o URL` has it.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  argparse's signature
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        groups: list[dict[str, Any]] = getattr(namespace, self.dest, None) or [{}]
        value = "true" if self.nargs == 0 else str(values)
        if self.const == "url" and "url" in groups[-1]:
            groups.append({})
        if self.const == "userpass":
            groups[-1]["user"], _, groups[-1]["pass"] = value.partition(":")
        elif self.const in _LISTS:
            groups[-1].setdefault(self.const, []).append(value)
        else:
            groups[-1][self.const] = value
        setattr(namespace, self.dest, groups)


_LISTS = {"tls-pin", "redirect-host"}


def add_pool_options(parser: argparse.ArgumentParser) -> None:
    """Add -o, -u, -p, -O and what else may be told of each pool."""
    group = parser.add_argument_group(
        "pools", "Repeat the group for several pools, in order: -o A -u me -o B -u you."
    )
    for flags, key, metavar, text in (
        (
            ("-o", "--url"),
            "url",
            "URL",
            "stratum+tcp://host:port, host:port, or stratum+ssl://; a node of your own is "
            "http://user:pass@host:port",
        ),
        (("-u", "--user"), "user", "USER", "user name: account.worker or address.worker"),
        (("-p", "--pass"), "pass", "PASS", "password (x)"),
        (("-O", "--userpass"), "userpass", "USER:PASS", "both in one"),
        (("--suggest-difficulty",), "suggest-difficulty", "D", "ask the pool for a difficulty"),
        (("--minimum-difficulty",), "minimum-difficulty", "D", "ask it never to go below this"),
        (
            ("--version-bits",),
            "version-bits",
            "mask|difference",
            "how rolled version bits are submitted (mask); some forks take the difference",
        ),
        (
            ("--tls-pin",),
            "tls-pin",
            "cert:HEX|spki:HEX",
            "TLS: take the certificate or public key with this SHA-256 and no other, whatever CAs "
            "and names say; repeat it for several",
        ),
        (("--tls-ca",), "tls-ca", "FILE", "TLS: trust the CAs in this PEM file only"),
        (("--pool-proxy",), "pool-proxy", "URL", "this pool's own --proxy, or the word direct"),
        (
            ("--redirect-host",),
            "redirect-host",
            "HOST",
            "where --redirect listed may lead too, with this user and password; repeatable",
        ),
        (
            ("--coinbase-check-addr",),
            "coinbase-check-addr",
            "ADDR",
            "leave a solo pool if a job's coinbase pays this address less than half",
        ),
        (("--rpc-cookie",), "rpc-cookie", "FILE", "a node's cookie file, for user and password"),
    ):
        group.add_argument(
            *flags, action=_PoolAction, dest="pools", const=key, metavar=metavar, help=text
        )
    for key, text in (
        ("extranonce-subscribe", "ask for new extranonces by a request, as NiceHash wants it"),
        ("tls-insecure", "TLS: take any certificate, so anybody on the way can steal the work"),
    ):
        group.add_argument(
            f"--{key}", action=_PoolAction, dest="pools", const=key, nargs=0, help=text
        )


def add_group_options(parser: argparse.ArgumentParser) -> None:
    """Add what to do with several pools."""
    group = parser.add_argument_group(
        "several pools",
        "Of several pools the first that works is mined on. One that is silent, only rejects or "
        "keeps sending one job is left; those before it are tried in the background, and gone "
        "back to when they have been stable.",
    )
    add = group.add_argument
    how = group.add_mutually_exclusive_group()
    for flag, value, text in (
        ("--failover", "false", "mine on the first that works (what is done anyway)"),
        ("--load-balance", "true", "mine on all in turns, for times as their --quota"),
    ):
        how.add_argument(flag, dest="load_balance", action="store_const", const=value, help=text)
    group.add_argument(
        "--quota", action=_PoolAction, dest="pools", const="quota", metavar="N",
        help="the pool's part of the work (1), as 3 is to the others' 1",
    )  # fmt: skip
    add("--first-job-timeout", metavar="SECONDS", help="dial the next when there is no job (10)")
    add("--stuck-timeout", metavar="SECONDS", help="leave a pool that repeats one job (300)")
    add("--max-rejects", metavar="N", help="leave a pool after so many rejects in a row (20)")
    add("--stable-time", metavar="SECONDS", help="go back to a better pool after so long (60)")


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """Add what holds for the connections to all pools."""
    group = parser.add_argument_group(
        "connections",
        "A stratum+ssl:// pool is verified by the system's CAs, unless pinned (--tls-pin). What a "
        "pool says never moves the miner to another host, unless listed (--redirect-host).",
    )
    add = group.add_argument
    add(
        "-x",
        "--proxy",
        metavar="URL",
        help="socks5h://[user:password@]host:port (names left to the proxy: for Tor), socks5://, "
        "or http:// (CONNECT)",
    )
    add(
        "--redirect",
        metavar="same-host|never|listed",
        help="follow client.reconnect to other ports of the pool's host (same-host), never, or to "
        "each --redirect-host too (listed)",
    )
    add("--no-redirect", dest="redirect", action="store_const", const="never", help="never")
    add(
        "--egress",
        metavar="HOST|CIDR",
        action="append",
        help="connect to these hosts and networks only, whatever else is configured; repeatable "
        "(the configured hosts). With a network given, names must resolve into it; without one, "
        "DNS is trusted",
    )
    add(
        "--audit-log",
        metavar="FILE",
        help="append connections, redirects asked, settings and found blocks as JSON lines",
    )
    add("--connect-timeout", metavar="SECONDS", help="for TCP, and again for TLS (15)")
    add("--answer-timeout", metavar="SECONDS", help="for subscribe and authorize (30)")
    add("--silence-timeout", metavar="SECONDS", help="leave a pool that says nothing (150)")
    add(
        "--keep-alive",
        metavar="SECONDS",
        help="let the system probe a line without traffic after so long, three times (30)",
    )
    add(
        "--unacknowledged-timeout",
        metavar="SECONDS",
        help="leave a line whose other end acknowledges nothing (twice --keep-alive)",
    )


def add_device_options(parser: argparse.ArgumentParser) -> None:
    """Add the choice of backend, kernel, threads and pinning."""
    group = parser.add_argument_group("devices")
    group.add_argument("-a", "--algo", help="sha256d, the only one")
    group.add_argument("--backend", metavar="NAME", help="see `stampmill devices` (the best here)")
    group.add_argument("--kernel", metavar="NAME", help="force a kernel, see `stampmill devices`")
    group.add_argument(
        "-d",
        "--device",
        metavar="BACKEND[:N]",
        action="append",
        help="mine on this, see `stampmill devices`; repeatable: -d cpu -d opencl:0",
    )
    group.add_argument(
        "--intensity",
        metavar="MS|interactive|dedicated",
        help="how long an OpenCL device is busy at a time (50): a desktop wants 10, a new job "
        "waits for two at the most",
    )
    group.add_argument(
        "--gpu-polite",
        metavar="on|off",
        help="leave an NVIDIA GPU, and its memory, to any other process that uses it (on)",
    )
    group.add_argument("--gpu-temp-limit", metavar="C", help="let it rest at so many degrees")
    group.add_argument("--gpu-power-limit", metavar="W", help="let it rest at so many watts")
    group.add_argument(
        "--gpu-resume-delay", metavar="SECONDS", help="go on after so long without other use (60)"
    )
    group.add_argument("-t", "--threads", metavar="N", help="scanner threads (one per CPU)")
    group.add_argument(
        "--cpu-affinity",
        metavar="auto|off",
        help="pin each thread to a CPU (auto), or let the system move them (off)",
    )
    group.add_argument(
        "--cpu-priority",
        metavar="idle|normal",
        help="idle: hash with what all other work leaves of the CPUs, which may be nothing; "
        "normal: take turns with it, and slow it down (idle)",
    )
    group.add_argument(
        "--no-asicboost",
        dest="asicboost",
        action="store_const",
        const="false",
        help="roll no versions: each midstate gets a message schedule of its own",
    )


def add_asic_options(parser: argparse.ArgumentParser) -> None:
    """Add what holds for the ASIC boards of a run."""
    group = parser.add_argument_group(
        "ASIC boards",
        "-d asic:PATH mines on the board at a serial port (repeatable, beside other devices); a "
        "port on another host is asic:socket://HOST:PORT or asic:rfc2217://HOST:PORT. `stampmill "
        "emulate` makes a board to try this with.",
    )
    add = group.add_argument
    add(
        "--asic-board",
        metavar="auto|bare|gekko|icarus|erupter|bitaxe-hex|bitaxe-turbo",
        help="the kind of board, where its USB identity does not say it (auto)",
    )
    add("--asic-chip", metavar="NAME", help="refuse other chips, such as bm1370")
    add("--asic-chips", metavar="N", help="refuse a chain of another length")
    add("--asic-frequency", metavar="MHZ", help="clock of the chips (the chip's usual)")
    add("--asic-voltage", metavar="V", help="core voltage, where the board sets it (its usual)")
    add("--asic-baud", metavar="BAUD", help="speed the line up to this (115200)")
    add("--asic-domain", metavar="N", help="chips of a chain that share a voltage, as 5 in an S21")
    add(
        "--force",
        action="store_const",
        const="true",
        help="go on with chips of another kind or number; never beyond a limit",
    )


def add_solo_options(parser: argparse.ArgumentParser) -> None:
    """Add what mining alone needs."""
    group = parser.add_argument_group(
        "mining alone",
        "With a Bitcoin node of your own (-o http://user:pass@host:port) instead of a pool: whole "
        "blocks, and whole rewards, but no share. Repeat -o for several nodes: the first that "
        "works gives the templates, all of them get the blocks.",
    )
    add = group.add_argument
    add("--coinbase-addr", metavar="ADDR", help="who is paid: an address of the node's chain")
    add("--coinbase-sig", metavar="TEXT", help="text for the coinbase, at most 40 bytes")
    add(
        "--chain",
        metavar="main|test|testnet4|signet|regtest",
        help="what the node must be on (any that the address belongs to)",
    )
    add(
        "--block-dir",
        metavar="DIR",
        help="found blocks are written here before they are submitted "
        "($XDG_STATE_HOME/stampmill/blocks)",
    )


def add_config_option(group: argparse._ActionsContainer) -> None:
    """Add -c."""
    group.add_argument(
        "-c", "--config", metavar="FILE", type=Path, help="TOML file: long option names, [[pool]]"
    )


_KEYS = (
    "algo", "backend", "kernel", "device", "intensity", "gpu-polite", "gpu-temp-limit",
    "gpu-power-limit", "gpu-resume-delay", "threads", "cpu-affinity", "cpu-priority",
    "time-limit", "retries", "retry-pause", "block-every", "proxy", "redirect", "egress",
    "audit-log", "connect-timeout", "answer-timeout", "silence-timeout", "keep-alive",
    "unacknowledged-timeout", "coinbase-addr", "coinbase-sig",
    "chain", "block-dir", "asicboost", "load-balance", "first-job-timeout", "stuck-timeout",
    "max-rejects", "stable-time", "asic-board", "asic-chip", "asic-chips", "asic-frequency",
    "asic-voltage", "asic-baud", "asic-domain", "force", "api-listen", "api-allow", "http-listen",
    "http-token", "axeos", "alert-command", "alert-webhook", "alert-notify", "alert-rate",
    "alert-rejects", "alert-temp", "energy-meter", "power", "price", "price-band", "price-file",
    "price-file-unit", "currency", "time-zone", "mine-hours", "off-hours", "pause-above-price",
    "resume-below-price", "on-high-price", "on-unknown-price", "temp-limit", "temp-resume",
    "on-heat", "on-battery", "throttle-to",
)  # fmt: skip


def settings(options: argparse.Namespace) -> "MineSettings":
    """Return the settings of a run from flags, environment and file."""
    from stampmill.core import config  # noqa: PLC0415  the help goes without msgspec

    said = {
        key: value
        for key in _KEYS
        if (value := getattr(options, key.replace("-", "_"), None)) is not None
    }
    flags = config.Layer("command line", said, getattr(options, "pools", None) or ())
    return config.load(flags, os.environ, options.config or config.default_path(os.environ))


def listen_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port`, `[v6]:port` or `port`; raise UsageError."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UsageError(f"cannot listen on '{text}': write host:port, such as 127.0.0.1:3333")
    return host.strip("[]") or "127.0.0.1", int(port)
