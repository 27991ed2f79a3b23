"""What one miner is handed: jobs, with the difficulty that its shares are judged by."""

from stampmill.pool.server.desk import Desk, Port
from stampmill.pool.server.jobs import SentJob, SentJobs, ServerJob
from stampmill.pool.server.terms import MinerTerms
from stampmill.pool.server.vardiff import Vardiff
from stampmill.pool.stratum.messages import encode
from stampmill.pool.stratum.notifications import SetDifficulty


class Handout:
    """The jobs of one connection; times are monotonic seconds."""

    def __init__(self, desk: Desk, port: Port, terms: MinerTerms, now: float) -> None:
        options = desk.options
        self._desk = desk
        self._port = port
        self._terms = terms
        self._vardiff = Vardiff(options.vardiff, now)
        self._told_difficulty: float | None = None
        self._suggested: float | None = None
        self.jobs = SentJobs(options.jobs_kept)
        """Those whose shares may still come."""

    @property
    def begun(self) -> bool:
        """Whether a job was ever sent."""
        return self._told_difficulty is not None

    def give(self, job: ServerJob, now: float, *, repeat_difficulty: bool = False) -> None:
        """Send a job to this connection alone, and count that."""
        self.keep(self.write(job, now, repeat_difficulty=repeat_difficulty))
        self._desk.sent(job)

    def write(self, job: ServerJob, now: float, *, repeat_difficulty: bool = False) -> ServerJob:
        """Send a job, a changed difficulty in front, and return it as it was sent.

        Who sends it counts it, and calls `keep` before anything is read. The first one of all is
        clean, unless shares of the jobs of a resumed session still count.
        """
        vardiff = self._vardiff
        vardiff.limit(job.highest_difficulty, now)
        difficulty = vardiff.difficulty
        if difficulty == self._told_difficulty and not repeat_difficulty:
            self._port.write(job.line)
            return job
        if self._told_difficulty is None:
            job = job.told(clean=not self.jobs)
            vardiff.begin(now)
        self._note_difficulty(difficulty)
        self._port.write(encode(SetDifficulty(difficulty)) + job.line)
        return job

    def keep(self, job: ServerJob) -> None:
        """Judge shares of a job that was written by the terms that hold now."""
        vardiff = self._vardiff
        self.jobs.add(SentJob(job, vardiff.difficulty, vardiff.generation, self._terms.extranonces))

    def tick(self, now: float) -> None:
        """Look at the clock: a silent miner is given less to do."""
        if self._vardiff.tick(now):
            self.renew_difficulty(now)

    def suggest(self, difficulty: float, now: float) -> None:
        """Follow the miner's wish, as far as that can be."""
        # Slow miners repeat a suggestion to keep the connection alive: it must change nothing.
        if difficulty == self._suggested:
            return
        self._suggested = difficulty
        if self._vardiff.suggest(difficulty, now):
            self.renew_difficulty(now)

    def demand(self, floor: float, now: float) -> None:
        """Never go below a difficulty from now on."""
        if self._vardiff.demand(floor, now):
            self.renew_difficulty(now)

    def calm(self, now: float) -> bool:
        """Tell whether shares come at the rate that is aimed at, or slower."""
        return self._vardiff.calm(now)

    def measure(self, sent: SentJob, now: float) -> bool:
        """Take a good share of a job into account; tell whether the difficulty is another now."""
        return sent.generation == self._vardiff.generation and self._vardiff.share(now)

    def renew_difficulty(self, now: float) -> None:
        """Tell a changed one with a job behind, so that it takes effect at once."""
        if self.begun:
            self.give(self._desk.private_job(clean=False), now)

    def _note_difficulty(self, difficulty: float) -> None:
        if self._told_difficulty not in (None, difficulty):
            self._desk.difficulty_changed(difficulty, self._port.peer)
        self._told_difficulty = difficulty
        self.jobs.lower(difficulty)
