"""Messages that nobody asked for: redirects, texts, questions, unknown methods, other answers."""

from stampmill.pool.server.chaos.scenario import Scenario, Wire
from stampmill.pool.server.chaos.terms import notification
from stampmill.pool.stratum.json_line import Json, encode_line


class Redirects(Scenario):
    """The hijack of 2014, and its misspellings."""

    TEXT = "asks to reconnect to other hosts"

    def tick(self, now: float, wire: Wire) -> None:
        """Ask for one of them."""
        elsewhere: tuple[tuple[Json, ...], ...] = (
            ("evil.example", 3333, 0), ("evil.example", "3333", "0"), ("127.0.0.2", 3333),
            ("127.0.0.1.evil.example", 3333), ("127.0.0.1@evil.example", 3333), ("[::1]", 3333),
            ("localhost", 3333), ("0x7f000001", 3333), ("2130706433", 3333), ("127.1", 3333),
            ("evil.example", 3333, 1e300), ("127.0.0.1\x00.evil.example", 1), ("x" * 5000, 1),
            ({}, []), (7, 7, 7), ("evil.example", 0), ("evil.example", 70_000),
        )  # fmt: skip
        wire.inject(notification("client.reconnect", *self.random.choice(elsewhere)))


class Reconnects(Scenario):
    """The same place, again and again."""

    TEXT = "asks to reconnect to itself, once a minute and more"

    def tick(self, now: float, wire: Wire) -> None:
        """Ask."""
        if self.random.random() < 0.05:
            ways: tuple[tuple[Json, ...], ...] = ((), (None,), ("", "", ""), (None, None, 1))
            wire.inject(notification("client.reconnect", *self.random.choice(ways)))


class ChattyPool(Scenario):
    """A screen is soon full."""

    TEXT = "floods the miner with messages to show, control characters among them"

    def tick(self, now: float, wire: Wire) -> None:
        """Say a hundred things."""
        texts: tuple[Json, ...] = (
            "\x1b[2J\x1b]0;owned\x07", "x" * 9000, "\u202enoitcerid", "", None, {}, 7, "a\nb",
        )  # fmt: skip
        wire.inject(
            *(notification("client.show_message", self.random.choice(texts)) for _ in range(100))
        )


class Questions(Scenario):
    """Requests under ids that are the miner's own."""

    TEXT = "asks the miner for its version, pings it, and calls methods that do not exist"

    def tick(self, now: float, wire: Wire) -> None:
        """Ask a few things."""
        for _ in range(5):
            method = self.random.choice((
                "client.get_version", "mining.ping", "mining.pong", "client.get_stats",
                "mining.submit", "mining.authorize", "mining.set_goal", "mining.set_target",
                "eval", "", "\x1b[2J", "x" * 3000,
            ))  # fmt: skip
            ids: tuple[Json, ...] = (1, 2, 3, 4, "x", None, -1, 1.5, 42, [], {})
            number = self.random.choice(ids)
            wire.inject(encode_line({"id": number, "method": method, "params": ["whoami", {}]}))


class StrayAnswers(Scenario):
    """Answers to questions that were not put."""

    TEXT = "answers requests that were never made"

    def tick(self, now: float, wire: Wire) -> None:
        """Answer some."""
        for result in (True, False, None, [[], "ffffffff", 8], {"version-rolling": True}, "pong"):
            number = self.random.randrange(1000, 10**6)
            wire.inject(encode_line({"id": number, "result": result, "error": None}))
