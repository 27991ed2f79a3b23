"""One miner's connection, without I/O: bytes in, lines out through a port, shares to the desk."""

import re

from stampmill.pool.server.desk import Desk, Port
from stampmill.pool.server.events import CloseReason, PoolEventKind
from stampmill.pool.server.jobs import SentJob, SentJobs, ServerJob
from stampmill.pool.server.penalty import Penalty, PenaltyLadder
from stampmill.pool.server.shares import GoodShare, ShareFault, ShareTerms
from stampmill.pool.server.vardiff import Vardiff, VardiffRules
from stampmill.pool.stratum.answers import (
    OTHER,
    ConfigureResult,
    MessageId,
    PoolError,
    SubscribeResult,
)
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.fields import FieldError, read_difficulty
from stampmill.pool.stratum.json_line import Json, printable
from stampmill.pool.stratum.messages import (
    ClientRequest,
    UnknownMethod,
    encode,
    encode_error,
    encode_result,
)
from stampmill.pool.stratum.notifications import Ping, Reconnect, SetDifficulty, ShowMessage
from stampmill.pool.stratum.requests import (
    Authorize,
    Configure,
    ExtranonceSubscribe,
    GetTransactions,
    Submit,
    Subscribe,
    SuggestDifficulty,
    SuggestTarget,
)
from stampmill.pool.stratum.server_protocol import (
    Answered,
    BadRequest,
    Broken,
    Requested,
    ServerEvent,
    ServerProtocol,
    Unusable,
)

MAX_WORKERS = 16
"""Names that one connection may authorize."""


class MinerSession:
    """The server's side of one connection; times are monotonic seconds."""

    def __init__(self, desk: Desk, port: Port, extranonce1: bytes, now: float) -> None:
        options = desk.options
        fixed = options.fixed_difficulty
        self._desk = desk
        self._port = port
        self._protocol = ServerProtocol(options.line_limit)
        self._vardiff = Vardiff(
            VardiffRules(
                options.share_interval,
                options.start_difficulty if fixed is None else fixed,
                options.lowest_difficulty,
                fixed is not None,
            ),
            now,
        )
        self._sent = SentJobs(options.jobs_kept)
        self._penalty = PenaltyLadder()
        self._opened_at = self._heard_at = now
        self._subscribed = False
        self._told_difficulty: float | None = None
        self._suggested: float | None = None
        self._workers: set[str] = set()
        self.extranonce1 = extranonce1
        self.version_mask = 0
        self.closed: CloseReason | None = None

    @property
    def peer(self) -> str:
        """The other side's address, for people."""
        return self._port.peer

    @property
    def mining(self) -> bool:
        """Whether it gets jobs: it has subscribed and authorized, and is not being closed."""
        return self._subscribed and bool(self._workers) and self.closed is None

    @property
    def has_job(self) -> bool:
        """Whether it was ever sent a job."""
        return self._told_difficulty is not None

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes as they came and answer what they complete."""
        self._heard_at = now
        for event in self._protocol.feed(data):
            if self.closed is not None:
                return
            self._take(event, now)

    def tick(self, now: float) -> None:
        """Look at the clock: time limits, and the difficulty of a silent miner."""
        options = self._desk.options
        if self.closed is not None:
            return
        if not self.mining:
            if now - self._opened_at >= options.handshake_timeout:
                self.close(CloseReason.NO_HANDSHAKE)
        elif now - self._heard_at >= options.idle_timeout:
            self.close(CloseReason.IDLE)
        elif self._vardiff.tick(now):
            self._difficulty_changed(now)

    def send_job(self, job: ServerJob, now: float, *, repeat_difficulty: bool = False) -> None:
        """Send a job with a changed difficulty in front; the first one of all is clean."""
        self._vardiff.limit(job.highest_difficulty, now)
        if not self.has_job:
            job = job.cleaned()
            self._vardiff.begin(now)
        difficulty = self._vardiff.difficulty
        lines = job.line
        if repeat_difficulty or difficulty != self._told_difficulty:
            lines = encode(SetDifficulty(difficulty)) + lines
            self._note_difficulty(difficulty)
        self._sent.add(SentJob(job, difficulty, self._vardiff.generation))
        self._desk.sent(job)
        self._port.write(lines)

    def close(self, reason: CloseReason) -> None:
        """End the connection; only the first reason counts."""
        if self.closed is None:
            self.closed = reason
            self._port.close()

    def _note_difficulty(self, difficulty: float) -> None:
        if self._told_difficulty not in (None, difficulty):
            self._desk.difficulty_changed(difficulty, self.peer)
        self._told_difficulty = difficulty
        self._sent.lower(difficulty)

    def _take(self, event: ServerEvent, now: float) -> None:
        match event:
            case Requested(message_id, request):
                self._requested(message_id, request, now)
            case BadRequest():
                self._bad_request(event, now)
            case Broken(drop):
                self._desk.dropped(drop)
                long = drop is Drop.LINE_TOO_LONG
                self.close(CloseReason.LINE_TOO_LONG if long else CloseReason.NOT_STRATUM)
            case Unusable(drop):
                self._desk.dropped(drop)
                self._punish(self._penalty.bad(now), now)
            case Answered():
                # The server asks nothing, so an answer belongs to nothing.
                self._desk.dropped(Drop.UNMATCHED_ANSWER)
                self._punish(self._penalty.bad(now), now)

    def _requested(
        self, message_id: MessageId, request: ClientRequest | UnknownMethod, now: float
    ) -> None:
        match request:
            case Submit():
                self._submitted(message_id, request, now)
            case Configure():
                self._configure(message_id, request, now)
            case Subscribe():
                self._subscribe(message_id, now)
            case Authorize():
                self._authorize(message_id, request, now)
            case SuggestDifficulty(difficulty):
                self._answer(message_id, True)
                self._suggest(difficulty, now)
            case SuggestTarget():
                self._answer(message_id, True)
                self._suggest(request.difficulty, now)
            case ExtranonceSubscribe():
                # Granted and kept: the extranonce of a connection never changes here.
                self._answer(message_id, True)
            case Ping():
                self._answer(message_id, "pong")
            case GetTransactions():
                self._refuse(message_id, PoolError(OTHER, "Not supported"))
            case UnknownMethod(method):
                self._desk.dropped(Drop.UNKNOWN_METHOD)
                self._refuse(message_id, PoolError(OTHER, f"Unknown method: {method}"))
                self._punish(self._penalty.bad(now), now)

    def _bad_request(self, event: BadRequest, now: float) -> None:
        self._desk.dropped(event.drop)
        if event.method == Submit.METHOD:
            self._reject(event.id, "", ShareFault.BAD_PARAMETERS, now)
        else:
            self._refuse(event.id, PoolError(OTHER, event.text))
            self._punish(self._penalty.bad(now), now)

    def _configure(self, message_id: MessageId, request: Configure, now: float) -> None:
        options = self._desk.options
        asked = request.version_mask is not None
        if request.version_mask is not None:
            self.version_mask = options.version_mask & request.version_mask
        floor = request.minimum_difficulty
        result = ConfigureResult(
            version_mask=(self.version_mask or None) if asked else None,
            minimum_difficulty=None if floor is None else options.fixed_difficulty is None,
            subscribe_extranonce=True if request.subscribe_extranonce else None,
            info=True if request.info else None,
        )
        self._answer(message_id, result.to_json(version_rolling_asked=asked))
        if floor is not None and self._vardiff.demand(floor, now):
            self._difficulty_changed(now)

    def _subscribe(self, message_id: MessageId, now: float) -> None:
        size = self._desk.options.extranonce2_size
        result = SubscribeResult(self.extranonce1, size, self.extranonce1.hex())
        self._answer(message_id, result.to_json())
        self._subscribed = True
        self._start(now)

    def _authorize(self, message_id: MessageId, request: Authorize, now: float) -> None:
        known = request.user in self._workers
        if not request.user or (not known and len(self._workers) >= MAX_WORKERS):
            self._refuse(message_id, ShareFault.UNAUTHORIZED.error)
            return
        self._answer(message_id, True)
        self._workers.add(request.user)
        if not known:
            self._desk.tell(PoolEventKind.AUTHORIZED, printable(request.user[:64]), self.peer)
        wish = _difficulty_option(request.password)
        if wish is not None:
            self._suggest(wish, now)
        self._start(now)

    def _start(self, now: float) -> None:
        """Send the first job, behind the answers to both subscribe and authorize.

        Old miners read exactly one line behind each of the two, and a share that came between
        them would have to be refused.
        """
        if self.mining and not self.has_job:
            self.send_job(self._desk.current_job(), now)

    def _suggest(self, difficulty: float, now: float) -> None:
        # Slow miners repeat a suggestion to keep the connection alive: it must change nothing.
        if difficulty == self._suggested:
            return
        self._suggested = difficulty
        if self._vardiff.suggest(difficulty, now):
            self._difficulty_changed(now)

    def _difficulty_changed(self, now: float) -> None:
        """Tell it with a job behind, so that it takes effect at once."""
        if self.has_job:
            self.send_job(self._desk.private_job(clean=False), now)

    def _submitted(self, message_id: MessageId, submit: Submit, now: float) -> None:
        sent = self._job_of(submit)
        if isinstance(sent, ShareFault):
            self._reject(message_id, submit.job_id, sent, now)
            return
        size = self._desk.options.extranonce2_size
        terms = ShareTerms(self.extranonce1, size, self.version_mask, sent.difficulty)
        share = self._desk.judge(sent.job, submit, terms)
        if isinstance(share, ShareFault):
            self._reject(message_id, submit.job_id, share, now)
        else:
            self._accept(message_id, sent, share, now)

    def _job_of(self, submit: Submit) -> SentJob | ShareFault:
        if not self._subscribed:
            return ShareFault.NOT_SUBSCRIBED
        if submit.worker not in self._workers:
            return ShareFault.UNAUTHORIZED
        sent = self._sent.get(submit.job_id)
        if sent is not None:
            return sent
        made = self._desk.was_made(submit.job_id)
        return ShareFault.STALE if made else ShareFault.UNKNOWN_JOB

    def _accept(self, message_id: MessageId, sent: SentJob, share: GoodShare, now: float) -> None:
        # The node has the block before the miner has its answer.
        calm = self._vardiff.calm(now)
        solved = self._desk.accepted(sent, share, self.peer, now, calm=calm)
        self._answer(message_id, True)
        self._penalty.good()
        measured = sent.generation == self._vardiff.generation
        changed = measured and self._vardiff.share(now)
        if solved:
            self._desk.block_made(now)
        elif changed:
            self._difficulty_changed(now)

    def _reject(self, message_id: MessageId, job_id: str, fault: ShareFault, now: float) -> None:
        self._refuse(message_id, fault.error)
        self._desk.rejected(job_id, fault, self.peer)
        late = fault is ShareFault.STALE
        self._punish(self._penalty.late() if late else self._penalty.bad(now), now)

    def _punish(self, penalty: Penalty, now: float) -> None:
        match penalty:
            case Penalty.REMIND if self.has_job:
                job = self._desk.private_job(clean=True)
                self.send_job(job, now, repeat_difficulty=True)
            case Penalty.RECONNECT:
                self._port.write(encode(Reconnect()))
            case Penalty.DROP:
                self._port.write(encode(ShowMessage("Disconnecting: nothing but invalid shares")))
                self.close(CloseReason.INVALID)

    def _answer(self, message_id: MessageId, result: Json) -> None:
        if message_id is not None:
            self._port.write(encode_result(message_id, result))

    def _refuse(self, message_id: MessageId, error: PoolError) -> None:
        if message_id is not None:
            self._port.write(encode_error(message_id, error))


_DIFFICULTY_OPTION = re.compile(r"(?:^|[,; ])d(?:iff)?=([0-9][0-9.eE+-]*)")


def _difficulty_option(password: str) -> float | None:
    """Return the difficulty that a password such as `d=512` asks for."""
    found = _DIFFICULTY_OPTION.search(password)
    try:
        return None if found is None else read_difficulty(found[1])
    except FieldError:
        return None
