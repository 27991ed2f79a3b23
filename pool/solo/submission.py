"""What a node says to a found block (BIP22), and what it means for whoever found it."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.job import RejectReason, ShareResult, Verdict
from stampmill.pool.solo.errors import NodeError, RpcError


class Fate(Enum):
    """What became of a block at one node, the best first."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    """The node has it already, and it is valid: another node was faster to tell it."""
    ASIDE = "aside"
    """Valid as far as seen, but another block was first: it earns only if the chain turns."""
    REFUSED = "refused"
    UNREACHED = "unreached"
    """No answer came; the block may still be handed in."""


@dataclass(frozen=True, slots=True)
class BlockAnswer:
    """One node's fate of a block, its own words, and what they mean."""

    fate: Fate
    words: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.words}: {self.meaning}" if self.words else self.meaning


_RANK = {fate: rank for rank, fate in enumerate(Fate)}

_WHOLE = {
    "duplicate": (Fate.KNOWN, "the node has it already and it is valid"),
    "duplicate-inconclusive": (Fate.ASIDE, "the node has it already, off its best chain"),
    "inconclusive": (Fate.ASIDE, "stored, but off the best chain: the tip had moved"),
    "inconclusive-not-best-prevblk": (Fate.ASIDE, "the tip had moved"),
    "stale-prevblk": (Fate.ASIDE, "the tip had moved"),
    "stale-work": (Fate.ASIDE, "the node had moved on to another template"),
}

# By the longest prefix that fits, hence in this order.
_PREFIXES = (
    ("duplicate-invalid", "known to the node, and not valid"),
    ("high-hash", "its hash is above the target: a wrong byte order, or failing hardware"),
    ("bad-txnmrklroot", "merkle root and transactions do not match"),
    ("bad-txns-duplicate", "a transaction stands in it twice"),
    ("bad-witness-merkle-match", "the witness commitment does not match the transactions"),
    ("bad-witness-nonce-size", "the coinbase lacks its witness"),
    ("unexpected-witness", "it has witnesses and no commitment to them"),
    ("bad-cb-height", "the coinbase does not start with the block's height (BIP34)"),
    ("bad-cb-amount", "the coinbase pays more than subsidy and fees"),
    ("bad-cb-", "the coinbase is not formed as it must be"),
    ("time-too-old", "its time is not after the median of the last eleven blocks"),
    ("time-too-new", "its time is over two hours ahead of the node's clock: check both clocks"),
    ("time-timewarp-attack", "its time goes back too far at a change of difficulty (BIP94)"),
    ("bad-diffbits", "its bits are not those of its place in the chain: the template was too old"),
    ("bad-version", "the chain no longer takes its version: the node may need an upgrade"),
    ("prev-blk-not-found", "the node does not know the block before it: is it on the same chain?"),
    ("bad-prevblk", "the node holds the block before it for not valid"),
    ("bad-blk-length", "it has too many bytes"),
    ("bad-blk-weight", "it has too much weight"),
    ("bad-blk-sigops", "it has too many signature operations"),
    ("bad-txns-", "a transaction in it is not valid at its place"),
    ("blk-bad-inputs", "a transaction in it spends what it may not"),
    ("mandatory-script-verify-flag-failed", "a script in it is not satisfied"),
    ("block-script-verify-flag-failed", "a script in it is not satisfied"),
    ("rejected", "the node gives no reason"),
)


def read_answer(result: str | None) -> BlockAnswer:
    """Return what the result of submitblock means; null is the good one."""
    if result is None:
        return BlockAnswer(Fate.ACCEPTED, "", "the node took it")
    words = result.removeprefix("rejected: ")  # bcoin's way
    if words in _WHOLE:
        fate, meaning = _WHOLE[words]
        return BlockAnswer(fate, words, meaning)
    for prefix, meaning in _PREFIXES:
        if words.startswith(prefix):
            return BlockAnswer(Fate.REFUSED, words, meaning)
    return BlockAnswer(Fate.REFUSED, words, "a reason that is not known here")


def read_error(error: NodeError) -> BlockAnswer:
    """Return what it means that submitblock failed: an answer of the node, or none at all."""
    if isinstance(error, RpcError):
        return BlockAnswer(Fate.REFUSED, error.message, "the node could not read it as a block")
    return BlockAnswer(Fate.UNREACHED, "", str(error))


def best(answers: list[BlockAnswer]) -> BlockAnswer:
    """Return the answer that counts where several nodes were asked."""
    return min(answers, key=lambda answer: _RANK[answer.fate])


def as_result(answer: BlockAnswer, latency: float) -> ShareResult:
    """Return the verdict on the share that the block was."""
    text = str(answer)
    match answer.fate:
        case Fate.ACCEPTED | Fate.KNOWN:
            return ShareResult(Verdict.ACCEPTED, None, text, latency)
        case Fate.ASIDE:
            return ShareResult(Verdict.REJECTED, RejectReason.STALE, text, latency)
        case Fate.UNREACHED:
            return ShareResult(Verdict.LOST, None, text)
        case Fate.REFUSED:
            return ShareResult(Verdict.REJECTED, _reason(answer), text, latency)


def _reason(answer: BlockAnswer) -> RejectReason:
    if answer.words.startswith("high-hash"):
        return RejectReason.LOW_DIFFICULTY
    if answer.words.startswith("duplicate"):
        return RejectReason.DUPLICATE
    return RejectReason.OTHER
