"""A regtest node that is not ours, driven over JSON-RPC."""

import hashlib
import http.client
import json
import struct
from collections.abc import Sequence
from typing import Any

from .process import PATIENCE, Process

SEGWIT_HEIGHT = 432
"""From here on bcoin's regtest has BIP 141: three periods of 144 blocks."""

# Anyone may spend these coins, with the script itself as the witness: P2WSH of OP_TRUE.
OP_TRUE = b"\x51"
OUTPUT_SCRIPT = b"\x00\x20" + hashlib.sha256(OP_TRUE).digest()
ADDRESS = "rb1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqmescae"
"""The same as an address; bcoin's regtest prefix is rb, not bcrt."""

SUBSIDY = 50 * 100_000_000
FEE = 10_000


class Node:
    """The RPC side of a running node process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.port: int = process.wait_for("ready")[0]["port"]
        self._spent = 0

    @property
    def height(self) -> int:
        """The height of its best chain."""
        height: int = self.rpc("getblockcount")
        return height

    def rpc(self, method: str, *params: object) -> Any:
        """Return the result of a call; fail on an error."""
        return self.batch(method, [params])[0]

    def batch(self, method: str, calls: Sequence[Sequence[object]]) -> list[Any]:
        """Return the results of many calls, sent at once."""
        body = [{"id": i, "method": method, "params": params} for i, params in enumerate(calls)]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/", json.dumps(body))
            answers = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        errors = [answer["error"] for answer in answers if answer["error"] is not None]
        assert not errors, f"{method}: {errors}"
        return [answer["result"] for answer in answers]

    def mature(self) -> None:
        """Mine past the activation of segwit; the first hundreds of coinbases can be spent then."""
        self.rpc("generatetoaddress", SEGWIT_HEIGHT + 8, ADDRESS)

    def blocks(self) -> list[bytes]:
        """Return the best chain as it is on the wire, without its genesis block."""
        heights = range(1, self.height + 1)
        hashes = self.batch("getblockhash", [[height] for height in heights])
        raw = self.batch("getblock", [[block_hash, False] for block_hash in hashes])
        return [bytes.fromhex(block) for block in raw]

    def add_transactions(self, count: int) -> list[str]:
        """Put segwit transactions into the mempool, each spending a coinbase; return their ids."""
        self._spent += count
        heights = range(self._spent - count + 1, self._spent + 1)
        return [self._spend_coinbase(height) for height in heights]

    def _spend_coinbase(self, height: int) -> str:
        block = self.rpc("getblock", self.rpc("getblockhash", height), True)
        txid: str = self.rpc("sendrawtransaction", _spending(block["tx"][0]).hex())
        return txid


def _spending(txid: str) -> bytes:
    """Return a transaction that moves the first output of another to the same script."""
    previous = bytes.fromhex(txid)[::-1] + struct.pack("<I", 0)
    script = bytes([len(OUTPUT_SCRIPT)]) + OUTPUT_SCRIPT
    # Version, BIP 144 marker and flag, one input with an empty script, one output, the witness.
    return (
        bytes.fromhex("02000000 0001 01")
        + previous + b"\x00" + b"\xff" * 4
        + b"\x01" + struct.pack("<Q", SUBSIDY - FEE) + script
        + bytes([1, len(OP_TRUE)]) + OP_TRUE
        + bytes(4)
    )  # fmt: skip
