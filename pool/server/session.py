"""One miner's connection, without I/O: bytes in, lines out through a port, shares to the desk."""

from stampmill.core.rate_limit import RateLimit
from stampmill.pool.server.desk import Desk, Port
from stampmill.pool.server.events import CloseReason, PoolEventKind
from stampmill.pool.server.handout import Handout
from stampmill.pool.server.jobs import ServerJob
from stampmill.pool.server.penalty import Penalty, PenaltyLadder
from stampmill.pool.server.shares import ShareFault
from stampmill.pool.server.submission import Accepted, judge_submit
from stampmill.pool.server.terms import Extranonces, MinerTerms, difficulty_option
from stampmill.pool.stratum.answers import (
    OTHER,
    MessageId,
    PoolError,
    SubscribeResult,
)
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.json_line import Json, printable
from stampmill.pool.stratum.messages import (
    ClientRequest,
    UnknownMethod,
    encode,
    encode_error,
    encode_result,
)
from stampmill.pool.stratum.notifications import (
    Ping,
    Pong,
    Reconnect,
    SetExtranonce,
    SetVersionMask,
    ShowMessage,
)
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

REQUESTS_AT_ONCE = 100
"""Requests that are no shares, and as many every ten seconds; more is a flood."""


class MinerSession:
    """The server's side of one connection; times are monotonic seconds."""

    def __init__(
        self, desk: Desk, port: Port, extranonces: Extranonces, session_id: str, now: float
    ) -> None:
        options = desk.options
        self._desk = desk
        self._port = port
        self._protocol = ServerProtocol(options.line_limit)
        self._terms = MinerTerms(extranonces)
        self._requests = RateLimit(REQUESTS_AT_ONCE, seconds=10)
        self._penalty = PenaltyLadder()
        self._opened_at = self._heard_at = now
        self.session_id = session_id
        """What the miner shows to resume this session on another connection."""
        self.handout = Handout(desk, port, self._terms, now)
        """Its jobs."""
        self.closed: CloseReason | None = None

    @property
    def peer(self) -> str:
        """The other side's address, for people."""
        return self._port.peer

    @property
    def extranonces(self) -> Extranonces:
        """Those of the next job."""
        return self._terms.extranonces

    @property
    def extranonce1(self) -> bytes:
        """What tells it from all other connections."""
        return self._terms.extranonces.extranonce1

    @property
    def version_mask(self) -> int:
        """The version bits that it may roll."""
        return self._terms.version_mask(self._desk.version_mask)

    @property
    def mining(self) -> bool:
        """Whether it gets jobs: it has subscribed and authorized, and is not being closed."""
        terms = self._terms
        return terms.subscribed and bool(terms.workers) and self.closed is None

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
        else:
            self.handout.tick(now)

    def renew(self, extranonces: Extranonces, job: ServerJob, now: float) -> None:
        """Go by other extranonces, from a clean job on; close if the miner could not follow."""
        if self._terms.subscribed and not self._terms.takes_extranonces:
            self.close(CloseReason.NEW_EXTRANONCE)
        self._terms.extranonces = extranonces
        if self._terms.subscribed and self.closed is None:
            size = extranonces.extranonce2_size
            self._port.write(encode(SetExtranonce(extranonces.extranonce1, size)))
        if self.mining:
            self.handout.give(job, now)

    def tell_version_mask(self) -> None:
        """Tell a miner that rolls versions which bits it may roll now."""
        if self._terms.rolls_versions and self.closed is None:
            self._port.write(encode(SetVersionMask(self.version_mask)))

    def close(self, reason: CloseReason) -> None:
        """End the connection; only the first reason counts."""
        if self.closed is None:
            self.closed = reason
            self._port.close()

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
        if not isinstance(request, Submit) and not self._requests.allow(now):
            self._desk.dropped(Drop.MESSAGE_FLOOD)
            self._refuse(message_id, PoolError(OTHER, "Too many requests"))
            self._punish(self._penalty.bad(now), now)
            return
        match request:
            case Submit():
                self._submitted(message_id, request, now)
            case Configure():
                self._configure(message_id, request, now)
            case Subscribe():
                self._subscribe(message_id, request, now)
            case Authorize():
                self._authorize(message_id, request, now)
            case SuggestDifficulty(difficulty):
                self._answer(message_id, True)
                self.handout.suggest(difficulty, now)
            case SuggestTarget():
                self._answer(message_id, True)
                self.handout.suggest(request.difficulty, now)
            case ExtranonceSubscribe():
                self._terms.takes_extranonces = True
                self._answer(message_id, True)
            case Ping():
                self._answer(message_id, "pong")
            case Pong():
                self._answer(message_id, True)
            case GetTransactions(job_id):
                self._send_transactions(message_id, job_id)
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
        asked = request.version_mask is not None
        result = self._terms.configure(request, self._desk.options, self._desk.version_mask)
        self._answer(message_id, result.to_json(version_rolling_asked=asked))
        if request.minimum_difficulty is not None:
            self.handout.demand(request.minimum_difficulty, now)

    def _subscribe(self, message_id: MessageId, request: Subscribe, now: float) -> None:
        if request.session_id is not None and not self._terms.subscribed:
            self._resume(request.session_id, now)
        terms = self.extranonces
        result = SubscribeResult(terms.extranonce1, terms.extranonce2_size, self.session_id)
        self._answer(message_id, result.to_json())
        self._terms.subscribed = True
        self._start(now)

    def _resume(self, session_id: str, now: float) -> None:
        departed = self._desk.resume(session_id, self.extranonce1, now)
        if departed is not None:
            self._terms.extranonces = departed.extranonces
            self.handout.jobs = departed.jobs

    def _authorize(self, message_id: MessageId, request: Authorize, now: float) -> None:
        known = request.user in self._terms.workers
        if not self._terms.authorize(request.user):
            self._refuse(message_id, ShareFault.UNAUTHORIZED.error)
            return
        self._answer(message_id, True)
        if not known:
            self._desk.tell(PoolEventKind.AUTHORIZED, printable(request.user[:64]), self.peer)
        wish = difficulty_option(request.password)
        if wish is not None:
            self.handout.suggest(wish, now)
        self._start(now)

    def _send_transactions(self, message_id: MessageId, job_id: str) -> None:
        sent = self.handout.jobs.get(job_id)
        if sent is None:
            self._refuse(message_id, ShareFault.UNKNOWN_JOB.error)
            return
        transactions = [each.data.hex() for each in sent.job.transactions]
        # Too many at once would make a slow reader of anybody.
        if sum(map(len, transactions)) > self._desk.options.send_limit // 2:
            self._refuse(message_id, PoolError(OTHER, "Too many transactions to send"))
        else:
            self._answer(message_id, transactions)

    def _start(self, now: float) -> None:
        """Send the first job, behind the answers to both subscribe and authorize.

        Old miners read exactly one line behind each of the two, and a share that came between
        them would have to be refused.
        """
        if self.mining and not self.handout.begun:
            self.handout.give(self._desk.current_job(), now)

    def _submitted(self, message_id: MessageId, submit: Submit, now: float) -> None:
        judged = judge_submit(submit, self._desk, self._terms, self.handout.jobs)
        if isinstance(judged, ShareFault):
            self._reject(message_id, submit.job_id, judged, now)
        else:
            self._accept(message_id, judged, now)

    def _accept(self, message_id: MessageId, good: Accepted, now: float) -> None:
        # The node has the block before the miner has its answer.
        calm = self.handout.calm(now)
        solved = self._desk.accepted(good.sent, good.share, self.peer, now, calm=calm)
        self._answer(message_id, True)
        self._penalty.good()
        changed = self.handout.measure(good.sent, now)
        if solved:
            self._desk.block_made(now)
        elif changed:
            self.handout.renew_difficulty(now)

    def _reject(self, message_id: MessageId, job_id: str, fault: ShareFault, now: float) -> None:
        self._refuse(message_id, fault.error)
        self._desk.rejected(job_id, fault, self.peer)
        late = fault is ShareFault.STALE
        self._punish(self._penalty.late() if late else self._penalty.bad(now), now)

    def _punish(self, penalty: Penalty, now: float) -> None:
        match penalty:
            case Penalty.REMIND if self.handout.begun:
                job = self._desk.private_job(clean=True)
                self.handout.give(job, now, repeat_difficulty=True)
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
