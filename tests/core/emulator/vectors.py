"""The device vectors, as the emulators' tests want them."""

import json
from pathlib import Path
from typing import Any

from stampmill.core.backends.asic.wire.words import reverse_words

ALL: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "asic.json").read_text(encoding="utf-8")
)


def by_id(section: str, name: str) -> dict[str, Any]:
    return next(vector for vector in ALL[section] if vector["id"] == name)


def sequence(name: str) -> list[tuple[str, bytes]]:
    """Who sends what, in order."""
    return [(s["dir"], bytes.fromhex(s["hex"])) for s in by_id("sequence", name)["steps"]]


def headers_of_job(job_frame: bytes) -> list[bytes]:
    """Every captured solution of a job."""
    tail = reverse_words(job_frame[10:-2])[4:]
    headers = [bytes.fromhex(share["header"]) for share in ALL["share"]]
    return [header for header in headers if header[4:76] == tail]
