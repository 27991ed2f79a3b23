"""The scenarios by name, and the factory of misbehaving connections."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from random import Random

from stampmill.core.errors import UsageError
from stampmill.pool.server.chaos import answers, bytes_level, intrusions, jobs, silences, terms
from stampmill.pool.server.chaos.link import ChaosLink, ReadingPort
from stampmill.pool.server.chaos.scenario import Scenario
from stampmill.pool.stratum.framing import CLIENT_LINE_LIMIT

SCENARIOS: dict[str, type[Scenario]] = {
    "black-hole": silences.BlackHole,
    "silence": silences.Silence,
    "no-authorize-answer": silences.NoAuthorizeAnswer,
    "no-optional-answers": silences.NoOptionalAnswers,
    "no-share-answers": silences.NoShareAnswers,
    "frozen-job": silences.FrozenJob,
    "not-reading": silences.NotReading,
    "hang-up-configure": silences.HangUpOnConfigure,
    "hang-up-optional": silences.HangUpOnOptional,
    "flapping": silences.Flapping,
    "rejects": answers.Rejects,
    "forgetful": answers.Forgetful,
    "refuses-user": answers.RefusesUser,
    "wrong-ids": answers.WrongIds,
    "no-ids": answers.NoIds,
    "odd-ids": answers.OddIds,
    "double-answers": answers.DoubleAnswers,
    "shuffled-answers": answers.ShuffledAnswers,
    "odd-handshake": answers.OddHandshake,
    "late-answers": answers.LateAnswers,
    "grudging-yes": answers.GrudgingYes,
    "refuses-optional": answers.RefusesOptional,
    "early-jobs": answers.EarlyJobs,
    "jobs-before-authorize": answers.JobsBeforeAuthorize,
    "split-packets": bytes_level.SplitPackets,
    "glued-packets": bytes_level.GluedPackets,
    "odd-line-ends": bytes_level.OddLineEnds,
    "slow-drip": bytes_level.SlowDrip,
    "endless-line": bytes_level.EndlessLine,
    "huge-lines": bytes_level.HugeLines,
    "big-lines": bytes_level.BigLines,
    "cut-lines": bytes_level.CutLines,
    "broken-utf8": bytes_level.BrokenUtf8,
    "rubbish": bytes_level.Rubbish,
    "speaks-tls": bytes_level.SpeaksTls,
    "speaks-http": bytes_level.SpeaksHttp,
    "bad-branch": jobs.BadBranch,
    "bad-coinbase": jobs.BadCoinbase,
    "bad-fields": jobs.BadFields,
    "odd-jobs": jobs.OddJobs,
    "stuck-tip": jobs.StuckTip,
    "pays-others": jobs.PaysOthers,
    "insane-time": jobs.InsaneTime,
    "unknown-jobs": jobs.UnknownJobs,
    "same-id": jobs.SameId,
    "clean-flapping": jobs.CleanFlapping,
    "lying-clean": jobs.LyingClean,
    "stale-jobs": jobs.StaleJobs,
    "notify-flood": jobs.NotifyFlood,
    "bad-difficulty": terms.BadDifficulty,
    "odd-difficulty": terms.OddDifficulty,
    "huge-difficulty": terms.HugeDifficulty,
    "late-difficulty": terms.LateDifficulty,
    "restless-difficulty": terms.RestlessDifficulty,
    "no-difficulty": terms.NoDifficulty,
    "new-extranonces": terms.NewExtranonces,
    "bad-extranonces": terms.BadExtranonces,
    "restless-mask": terms.RestlessMask,
    "redirects": intrusions.Redirects,
    "reconnects": intrusions.Reconnects,
    "chatty-pool": intrusions.ChattyPool,
    "questions": intrusions.Questions,
    "stray-answers": intrusions.StrayAnswers,
}


class Chaos:
    """Makes every connection of a pool misbehave in the named ways; raises UsageError.

    The same seed spoils the n-th connection in the same way.
    """

    def __init__(self, names: Sequence[str], seed: int) -> None:
        for name in names:
            _check(name)
        self.names = tuple(names)
        self.seed = seed
        self.acted: Counter[str] = Counter()
        """How often each scenario changed or added something."""
        self._connections = 0
        self._links: set[ChaosLink] = set()

    def link(self, port: ReadingPort) -> ChaosLink:
        """Return what stands between a port and its session."""
        self._connections += 1
        scenarios = [(name, SCENARIOS[name](self._random(name))) for name in self.names]
        link = ChaosLink(port, scenarios, self.acted, CLIENT_LINE_LIMIT)
        self._links.add(link)
        return link

    def unlink(self, link: ChaosLink) -> None:
        """Forget a connection that is gone."""
        self._links.discard(link)

    def tick(self, now: float) -> None:
        """Let every connection's scenarios look at the clock."""
        for link in tuple(self._links):
            link.tick(now)

    def _random(self, name: str) -> Random:
        seed = f"{self.seed}/{self._connections}/{name}"
        return Random(seed)  # noqa: S311  repeatable on purpose


def chaos_of(text: str, seed: int) -> Chaos:
    """Return the chaos of names joined by commas; raise UsageError for an unknown one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError("--chaos needs the name of a scenario; see --chaos list")
    return Chaos(names, seed)


def listing() -> str:
    """Return every scenario with its line, for people."""
    width = max(map(len, SCENARIOS))
    return "\n".join(f"{name:<{width}}  {kind.TEXT}" for name, kind in SCENARIOS.items())


def _check(name: str) -> None:
    if name not in SCENARIOS:
        near = get_close_matches(name, SCENARIOS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "see --chaos list"
        raise UsageError(f"no scenario '{name}'; {hint}")
