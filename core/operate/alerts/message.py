"""An alert as it is told outside of the run: JSON, environment variables, one line."""

import json
from dataclasses import dataclass

from stampmill.core.operate.alerts.finding import slug
from stampmill.core.operate.alerts.watch import News, notice


@dataclass(frozen=True, slots=True)
class Message:
    """One piece of news. Keys are fixed: host, kind, subject, state, text, since, time."""

    fields: dict[str, str | float]

    def as_json(self) -> bytes:
        """Return one object; `since` and `time` are seconds since 1970."""
        return json.dumps(self.fields, allow_nan=False).encode()

    def as_environment(self) -> dict[str, str]:
        """Return the same as `ALERT_KIND` and so on."""
        return {f"ALERT_{key.upper()}": str(value) for key, value in self.fields.items()}

    @property
    def text(self) -> str:
        """A line for people."""
        return str(self.fields["text"])

    @property
    def title(self) -> str:
        """A few words: what, and on which machine."""
        return f"{self.fields['kind']} {self.fields['state']} on {self.fields['host']}"


def message(news: News, host: str) -> Message:
    """Return what is told of it, without anything that a terminal or a variable could not take."""
    return Message(
        {
            "host": _clean(host),
            "kind": slug(news.alert.kind),
            "subject": _clean(news.alert.subject),
            "state": "raised" if news.raised else "cleared",
            "text": _clean(notice(news).text),
            "since": round(news.alert.since, 3),
            "time": round(news.time, 3),
        }
    )


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
