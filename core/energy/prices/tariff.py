"""What a kilowatt-hour costs at a time: the price file, else the hours' price, else the usual."""

import math
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from stampmill.core.energy.prices.price_file import PriceFile
from stampmill.core.energy.prices.spans import Span, local_time, parse_span, zone_named
from stampmill.core.errors import UsageError
from stampmill.core.settings import EnergySettings


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices by file, by hours and always, in that order; a negative one is earned."""

    zone: ZoneInfo | None = None
    constant: float | None = None
    bands: tuple[tuple[Span, float], ...] = ()
    file: PriceFile | None = None

    @property
    def is_given(self) -> bool:
        """Whether any price was said."""
        return self.constant is not None or bool(self.bands) or self.file is not None

    def price(self, unix: float) -> float | None:
        """Return the price at a time since 1970, or None if none is known."""
        if self.file is not None and (price := self.file.table.price(unix)) is not None:
            return price
        local = local_time(unix, self.zone)
        return next((price for span, price in self.bands if span.holds(local)), self.constant)


def tariff_of(settings: EnergySettings) -> Tariff:
    """Return what the settings say, the file read; raise UsageError naming what is wrong."""
    zone = zone_named(settings.time_zone)
    if settings.price is not None and not math.isfinite(settings.price):
        raise UsageError(f"price '{settings.price}' is no price")
    path = Path(settings.price_file).expanduser() if settings.price_file else None
    return Tariff(
        zone,
        settings.price,
        tuple(_band(text) for text in settings.price_bands),
        PriceFile(path, zone, settings.price_file_unit) if path else None,
    )


def _band(text: str) -> tuple[Span, float]:
    hours, equals, said = text.rpartition("=")
    try:
        price = float(said) if equals else math.nan
    except ValueError:
        price = math.nan
    if not math.isfinite(price):
        raise UsageError(f"price-band '{text}': write hours and a price as 22:00-06:00=0.21")
    return parse_span(hours, "price-band"), price
