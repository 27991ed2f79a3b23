"""From the settings of a run to a source that mines alone."""

import os
from pathlib import Path

from stampmill.core.errors import UsageError
from stampmill.core.settings import MineSettings, PoolSettings
from stampmill.pool.audit import AuditLog
from stampmill.pool.egress import Egress
from stampmill.pool.payout.address import read_address
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.assembly import TEST_CHAIN_DIFFICULTY, check_signature
from stampmill.pool.solo.block_folder import BlockFolder, default_folder
from stampmill.pool.solo.credentials import Credentials, choose
from stampmill.pool.solo.judgement import Terms
from stampmill.pool.solo.node_client import NodeClient
from stampmill.pool.solo.node_url import NodeAddress, is_node_url, parse_node_url
from stampmill.pool.solo.source import SILENCE_SECONDS, SoloSource
from stampmill.pool.stratum.requests import BIP320_MASK
from stampmill.pool.trace import Trace
from stampmill.pool.transport.tls import Tls

_UNSAID = PoolSettings("").password


def solo_source(
    settings: MineSettings,
    *,
    egress: Egress | None = None,
    audit: AuditLog | None = None,
    version_mask: int = BIP320_MASK,
    trace: Trace | None = None,
    silence: float | None = None,
    environ: "os._Environ[str] | dict[str, str]" = os.environ,
    home: Path | None = None,
) -> SoloSource:
    """Return the source of all nodes of a run; raise UsageError for what cannot be meant.

    Nothing is connected yet. `silence` is for how many seconds no node may answer before there is
    no job; None: as long as where there is nothing else to mine on.
    """
    home = home or Path.home()
    pools = [pool for pool in settings.pools if is_node_url(pool.url)]
    addresses = [parse_node_url(pool.url) for pool in pools]
    hosts = [address.host for address in addresses]
    egress = egress or Egress(settings.egress or hosts)
    egress.require(hosts)
    nodes = list(zip(pools, addresses, strict=True))
    clients = [
        NodeClient(address, _credentials(pool, address, home), egress, _tls(pool, address), trace)
        for pool, address in nodes
    ]
    wishes = [pool.suggest_difficulty for pool in pools]
    said = settings.solo.block_dir
    folder = Path(said).expanduser() if said else default_folder(environ, home)
    return SoloSource(
        clients,
        _terms(settings),
        BlockFolder(folder),
        settings.retry,
        audit=audit,
        signature=check_signature(settings.solo.signature),
        version_mask=version_mask,
        silence=silence or SILENCE_SECONDS,
        test_difficulty=next(filter(None, wishes), TEST_CHAIN_DIFFICULTY),
    )


def _terms(settings: MineSettings) -> Terms:
    assert settings.solo.address is not None  # noqa: S101  see needs_node
    payout = read_address(settings.solo.address)
    chain = None if settings.solo.chain is None else Chain(settings.solo.chain)
    if chain is not None and chain not in payout.chains:
        raise UsageError(
            f"{payout.address} is no address of chain {chain.value}: change --coinbase-addr or "
            "--chain"
        )
    return Terms(payout, chain)


def _credentials(pool: PoolSettings, address: NodeAddress, home: Path) -> Credentials:
    password = "" if pool.password == _UNSAID else pool.password
    return choose(address, pool.user, password, pool.rpc_cookie, home)


def _tls(pool: PoolSettings, address: NodeAddress) -> Tls | None:
    if pool.proxy is not None:
        raise UsageError(
            f"{address} would not be reached through the proxy: nodes are asked directly, "
            "which --pool-proxy direct allows"
        )
    if pool.tls_pins:
        raise UsageError(f"--tls-pin is for pools; for the node {address} give --tls-ca FILE")
    if address.scheme == "http":
        return None
    ca_file = Path(pool.tls_ca).expanduser() if pool.tls_ca else None
    return Tls(ca_file=ca_file, insecure=pool.tls_insecure)
