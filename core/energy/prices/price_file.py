"""Prices by time out of a file, such as tomorrow's hourly ones, and the file when it changes.

CSV: `start,price` or `start,end,price` a line; a header, empty lines and lines with # are passed
over. JSON: a list of objects with `start`, `price` and, if wanted, `end`. Times are ISO 8601; one
without a zone is local.
"""

import csv
import io
import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from stampmill.core.energy.prices.price_table import Entry, PriceTable, table_of
from stampmill.core.errors import UsageError

_SHOWN = 40

MAX_BYTES = 16 << 20
"""Ten years of quarter hours are less."""
UNITS = {"kWh": 1, "MWh": 1000}
_LAST_TIME = 32_503_680_000.0
"""The year 3000, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class News:
    """A line about a file that changed, and whether it is a warning."""

    text: str
    warning: bool = False


class PriceFile:
    """A price file that is read again when it has changed; a bad one changes nothing."""

    def __init__(self, path: Path, zone: ZoneInfo | None, unit: str = "kWh") -> None:
        """Read it; raise UsageError naming the file and the line at fault."""
        self.path = path
        self._zone = zone
        self._unit = unit
        self._stamp = _stamp(path)
        self.table = read_prices(path, zone, unit)

    def look(self) -> News | None:
        """Read the file if it is another than before; tell what came of it."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            self.table = read_prices(self.path, self._zone, self._unit)
        except UsageError as error:
            return News(f"{error}; the prices read before stay", warning=True)
        return News(f"prices read again from {self.path}: {self.table.described(self._zone)}")


def read_prices(path: Path, zone: ZoneInfo | None, unit: str = "kWh") -> PriceTable:
    """Return what a file says, by the kilowatt-hour; raise UsageError naming file and line."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"price-file {path}: larger than {MAX_BYTES >> 20} MiB, no prices")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"price-file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"price-file {path} is no text: {error.reason}") from error
    try:
        return parse_prices(text, zone, unit)
    except UsageError as error:
        raise UsageError(f"price-file {path}: {error}") from error


def parse_prices(text: str, zone: ZoneInfo | None, unit: str = "kWh") -> PriceTable:
    """Return what CSV or JSON says; raise UsageError naming the line or entry."""
    rows = _json_rows(text) if text.lstrip().startswith(("[", "{")) else _csv_rows(text)
    clock, size = _Clock(zone), UNITS[unit]
    return table_of([_entry(place, row, clock, size) for place, row in rows])


Row = tuple[object, object, object]
"""Start, end or None, and price, as they were found."""


def _csv_rows(text: str) -> Iterator[tuple[str, Row]]:
    # Where commas part whole and fraction, semicolons part the columns.
    semicolons = ";" in text
    lines = csv.reader(io.StringIO(text), delimiter=";" if semicolons else ",")
    first = True
    try:
        for cells in lines:
            place = f"line {lines.line_num}"
            said = [cell.strip() for cell in cells]
            if not any(said) or said[0].startswith("#"):
                continue
            if first and said[0].lower() == "start":
                _check_header(place, said)
            else:
                yield place, _row(place, said, decimal_comma=semicolons)
            first = False
    except csv.Error as error:
        raise UsageError(f"line {lines.line_num}: {error}") from error


def _check_header(place: str, said: Sequence[str]) -> None:
    if [name.lower() for name in said] not in (["start", "price"], ["start", "end", "price"]):
        raise UsageError(f"{place}: the columns are start,price or start,end,price")


def _row(place: str, said: Sequence[str], *, decimal_comma: bool) -> Row:
    if len(said) not in {2, 3}:
        shown = _quoted(",".join(said))
        raise UsageError(f"{place}: {shown} is not start,price or start,end,price")
    price = said[-1].replace(",", ".") if decimal_comma else said[-1]
    return said[0], said[1] if len(said) == 3 else None, price


def _json_rows(text: str) -> Iterator[tuple[str, Row]]:
    try:
        entries = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"not JSON: {error}") from error
    if not isinstance(entries, list):
        raise UsageError('a list of {"start": ..., "price": ...} is expected')
    for number, entry in enumerate(entries, 1):
        place = f"entry {number}"
        if not isinstance(entry, dict) or not {"start", "price"} <= entry.keys():
            raise UsageError(f"{place}: start and price are missing")
        yield place, (entry["start"], entry.get("end"), entry["price"])


def _entry(place: str, row: Row, clock: "_Clock", size: int) -> Entry:
    start, end, price = row
    begins = clock.unix(place, start)
    ends = None if end in (None, "") else clock.unix(place, end, ends=True)
    if ends is not None and ends <= begins:
        raise UsageError(f"{place}: it ends at {_quoted(end)}, not after its start")
    return Entry(place, begins, ends, _price(place, price) / size)


def _price(place: str, said: object) -> float:
    price = math.nan
    if isinstance(said, str | int | float) and not isinstance(said, bool):
        with suppress(ValueError, OverflowError):
            price = float(said)
    if not math.isfinite(price):
        raise UsageError(f"{place}: {_quoted(said)} is no price")
    return price


def _quoted(said: object) -> str:
    """Return it as an error shows it: in one line, and not at any length."""
    text = str(said)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


class _Clock:
    """Reads times; of a local hour that comes twice in a night the second one is the later."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        self._zone = zone
        self._seen: Counter[tuple[datetime, bool]] = Counter()

    def unix(self, place: str, said: object, *, ends: bool = False) -> float:
        try:
            moment = datetime.fromisoformat(said if isinstance(said, str) else "")
        except ValueError:
            raise UsageError(
                f"{place}: {_quoted(said)} is no time; write 2025-11-24T16:00+01:00"
            ) from None
        if moment.tzinfo is None:
            fold = min(self._seen[moment, ends], 1)
            self._seen[moment, ends] += 1
            moment = moment.replace(tzinfo=self._zone, fold=fold)
        with suppress(OverflowError, ValueError, OSError):
            unix = moment.timestamp()
            if 0 <= unix < _LAST_TIME:
                return unix
        raise UsageError(f"{place}: {_quoted(said)} is not between 1970 and 3000")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
