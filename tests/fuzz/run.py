"""Fuzzes one target with atheris: `python -m tests.fuzz.run client --seconds 30`.

Exit 0: nothing broke. Anything else: libFuzzer has written the input that broke it, and says where.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["stampmill.pool", "stampmill.core.chain", "tests.fuzz"]):
    from tests.fuzz import targets

MOST_MEMORY = 64 << 20
"""Bytes above the start that no input may make us keep."""
WARM_UP = 5_000
"""Inputs after which growth counts."""
LOOKS = 5
"""How often it is looked at in as many inputs."""
SLOWEST = 5
"""Seconds after which one input counts as a hang."""
LONGEST = 16_384


class MemoryWatch:
    """Runs a target and fails when the process has grown too much since it was warm."""

    def __init__(self, target: Callable[[bytes], None], warm_up: int) -> None:
        self._target = target
        self._warm_up = warm_up
        self._runs = 0
        self._start = 0

    def __call__(self, data: bytes) -> None:
        """Run one input."""
        self._runs += 1
        self._target(data)
        if self._runs == self._warm_up:
            self._start = resident()
        elif self._runs > self._warm_up and self._runs % (self._warm_up // LOOKS) == 0:
            grown = resident() - self._start
            if grown > MOST_MEMORY:
                raise MemoryError(f"{grown >> 20} MiB more than after {self._warm_up} inputs")


def resident() -> int:
    """Return the process's resident bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Run the fuzzer; it ends the process itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(targets.TARGETS))
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--inputs", type=int, default=-1, help="end after so many, if sooner")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="inputs")
    parser.add_argument(
        "--corpus", type=Path, help="folder of inputs, kept and added to; failures go beside it"
    )
    parser.add_argument("--seed", type=int, default=0, help="0: another each time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus = options.corpus or Path(scratch) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        failures = options.corpus.parent if options.corpus else Path.cwd()
        for number, seed in enumerate(targets.seeds(options.target)):
            (corpus / f"seed-{number}").write_bytes(seed)
        dictionary = Path(scratch) / "words"
        dictionary.write_text("".join(map(quoted, targets.words())))
        arguments = [
            sys.argv[0], str(corpus), f"-dict={dictionary}", f"-max_len={LONGEST}",
            f"-max_total_time={options.seconds}", f"-runs={options.inputs}",
            f"-timeout={SLOWEST}", "-rss_limit_mb=0",
            f"-artifact_prefix={failures / 'fuzz-'}", "-print_final_stats=1",
            f"-seed={options.seed}", "-close_fd_mask=0",
        ]  # fmt: skip
        target = targets.TARGETS[options.target]
        atheris.Setup(arguments, MemoryWatch(target, options.warm_up))
        atheris.Fuzz()


def quoted(word: bytes) -> str:
    """Return a word as libFuzzer's dictionaries have it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


if __name__ == "__main__":
    main()
