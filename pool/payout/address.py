"""Payout addresses: from the text that a user gives to the script that a coinbase pays."""

from dataclasses import dataclass

from stampmill.core.errors import EncodingError, UsageError
from stampmill.pool.payout import base58, bech32
from stampmill.pool.payout.chains import TEST_CHAINS, Chain

_FORM = "give an address of yours, such as bc1q... or bc1p..."

_MAIN = frozenset({Chain.MAIN})
_REGTEST = frozenset({Chain.REGTEST})

# bcoin's regtest has prefixes of its own: 3c, 26 and rb (bcoin-org/bcoin lib/protocol/networks.js).
_KEY_HASH = {0x00: _MAIN, 0x6F: TEST_CHAINS, 0x3C: _REGTEST}
_SCRIPT_HASH = {0x05: _MAIN, 0xC4: TEST_CHAINS, 0x26: _REGTEST}
_WITNESS = {
    "bc": _MAIN,
    "tb": TEST_CHAINS - _REGTEST,
    "bcrt": _REGTEST,
    "rb": _REGTEST,
}


@dataclass(frozen=True, slots=True)
class Payout:
    """Who is paid: the address, its output script, and the chains that it belongs to."""

    address: str
    script: bytes
    chains: frozenset[Chain]


def read_address(text: str) -> Payout:
    """Return what a standard address pays to: P2PKH, P2SH, P2WPKH, P2WSH or P2TR.

    Raise UsageError naming the address and what is wrong with it.
    """
    try:
        if _looks_like_bech32(text):
            script, chains = _witness(bech32.decode_address(text))
        else:
            script, chains = _hashed(base58.decode_check(text))
    except EncodingError as error:
        raise UsageError(f"{_shown(text)} is no payout address: {error}; {_FORM}") from None
    return Payout(text, script, chains)


def _looks_like_bech32(text: str) -> bool:
    prefix, separator, _ = text.lower().rpartition("1")
    return bool(separator) and prefix in _WITNESS


def _witness(address: bech32.WitnessAddress) -> tuple[bytes, frozenset[Chain]]:
    # Coins under a version without rules belong to whoever takes them first (BIP141).
    if address.version > 1 or (address.version == 1 and len(address.program) != 32):
        raise EncodingError(
            f"anybody could spend from witness version {address.version} with "
            f"{len(address.program)} bytes, for which there are no rules yet"
        )
    opcode = 0x50 + address.version if address.version else 0
    script = bytes([opcode, len(address.program)]) + address.program
    return script, _WITNESS[address.prefix]


def _hashed(body: bytes) -> tuple[bytes, frozenset[Chain]]:
    prefix, digest = body[0], body[1:]
    if len(digest) != 20:
        raise EncodingError(f"it holds {len(digest)} bytes, not the 20 of a hash")
    if prefix in _KEY_HASH:
        return b"\x76\xa9\x14" + digest + b"\x88\xac", _KEY_HASH[prefix]
    if prefix in _SCRIPT_HASH:
        return b"\xa9\x14" + digest + b"\x87", _SCRIPT_HASH[prefix]
    raise EncodingError(f"no network has addresses of kind {prefix:#04x}")


def _shown(text: str, limit: int = 100) -> str:
    return repr(text if len(text) <= limit else text[:limit] + "...")
