"""The client's side of one connection, without I/O: bytes in, events out, bytes to send."""

from collections import Counter
from collections.abc import Callable

from stampmill.core.job import Job, RejectReason, Share, ShareResult, ShareSink, Verdict
from stampmill.pool.rate_limit import RateLimit
from stampmill.pool.stratum import notifications as said
from stampmill.pool.stratum.answers import (
    Answer,
    ConfigureResult,
    MessageId,
    PoolError,
    SubscribeResult,
)
from stampmill.pool.stratum.drops import BrokenStreamError, Drop, UnusableMessageError
from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.inbox import Inbox
from stampmill.pool.stratum.json_line import Json
from stampmill.pool.stratum.messages import (
    Message,
    ServerMessage,
    UnknownMethod,
    is_call,
    read_answer,
    read_id,
    read_server_message,
)
from stampmill.pool.stratum.requests import Authorize, Subscribe, SuggestDifficulty
from stampmill.pool.upstream import events as event
from stampmill.pool.upstream.events import ClientEvent, ClientState, EndCause
from stampmill.pool.upstream.job_builder import Terms
from stampmill.pool.upstream.job_stream import JobStream
from stampmill.pool.upstream.outbox import Asked, Outbox, own_id
from stampmill.pool.upstream.plan import ClientLimits, ClientPlan
from stampmill.pool.upstream.share_ledger import ShareLedger

METHOD_NOT_FOUND = PoolError(-3, "Method not found")

_LIMITS = ClientLimits()


class ClientProtocol:
    """One connection to a pool. No method raises for anything the pool sends.

    `now` is monotonic seconds and never goes back. After each call the shell writes
    `data_to_send()` and calls `poll` no later than `next_deadline()`.
    """

    def __init__(
        self,
        plan: ClientPlan,
        sink: ShareSink,
        limits: ClientLimits = _LIMITS,
        on_line: Callable[[bytes], None] | None = None,
    ) -> None:
        self.plan = plan
        self.limits = limits
        self.state = ClientState.NEW
        self.drops: Counter[Drop] = Counter()
        self.resumed = False
        self._inbox = Inbox(limits.first_lines, on_line)
        self._outbox = Outbox()
        self._shares = ShareLedger(limits.pending_shares, limits.share)
        self._jobs = JobStream(plan.version_mask, sink)
        self._configured = False
        self._accepted = False
        self._messages = RateLimit(burst=10, seconds=60)
        self._authorizations = RateLimit(burst=1, seconds=60)
        self._events: list[ClientEvent] = []
        self._now = self._started_at = self._heard_at = 0.0

    @property
    def terms(self) -> Terms:
        """Extranonces, difficulty and version mask as they are now."""
        return self._jobs.terms

    @property
    def pending(self) -> int:
        """Shares without an answer."""
        return len(self._shares)

    @property
    def open_requests(self) -> frozenset[Asked]:
        """Requests, other than shares, without an answer."""
        return self._outbox.kinds()

    # What the shell calls.

    def start(self, now: float) -> None:
        """Open the session: configure, subscribe and authorize, without waiting in between."""
        self._now = self._started_at = self._heard_at = now
        self.state = ClientState.SUBSCRIBING
        if not self.plan.configure_late:
            self._ask_configure()
        resume = self.plan.resume
        session_id = None if resume is None else resume.session_id
        self._ask(Asked.SUBSCRIBE, Subscribe(self.plan.user_agent, session_id))
        self._ask_authorize()

    def feed(self, data: bytes, now: float) -> list[ClientEvent]:
        """Take bytes in any segmentation and return what they mean."""
        self._now = now
        try:
            if self.state is not ClientState.CLOSED:
                self._inbox.feed(data)
                self._read_all()
        except BrokenStreamError as error:
            self._drop(error.drop, str(error))
            self._end(EndCause.BROKEN_STREAM, str(error))
        return self._take_events()

    def poll(self, now: float) -> list[ClientEvent]:
        """Return what has become overdue."""
        self._now = now
        for check in (self._expire_shares, self._expire_requests, self._keep_alive, self._listen):
            if self.state is not ClientState.CLOSED:
                check()
        return self._take_events()

    def next_deadline(self) -> float:
        """Return when `poll` is due at the latest."""
        share = self._shares.deadline()
        return min(
            self._heard_at + self.limits.silence,
            self._outbox.spoke_at + self.limits.keep_alive,
            *self._outbox.deadlines(),
            *(() if share is None else (share,)),
        )

    def submit(self, share: Share, now: float) -> list[ClientEvent]:
        """Send a share, or return its fate if it cannot be sent."""
        self._now = now
        if fate := self._cannot_send(share):
            return [event.ShareAnswered(share, fate)]
        request = self.plan.submit(share, self.terms.version_mask)
        self._shares.add(self._outbox.send(request, now), share, now)
        return []

    def end(self, cause: EndCause, text: str, now: float) -> list[ClientEvent]:
        """Close from outside; shares without an answer are lost. Ends once, whoever begins."""
        self._now = now
        if self.state is not ClientState.CLOSED:
            self._end(cause, text)
        return self._take_events()

    def give_up_shares(self, text: str) -> list[ClientEvent]:
        """Report every share without an answer as lost, and keep the connection."""
        self._events += self._shares.lose(text)
        return self._take_events()

    def data_to_send(self) -> bytes:
        """Return what must be written now; the next call returns what came after."""
        return self._outbox.data_to_send()

    # Reading.

    def _read_all(self) -> None:
        while self.state is not ClientState.CLOSED:
            try:
                message = self._inbox.next_message()
                if message is None:
                    return
                self._on_message(message)
            except UnusableMessageError as error:
                self._drop(error.drop, str(error))
            self._heard_at = self._now

    def _on_message(self, message: dict[str, Json]) -> None:
        if is_call(message):
            self._on_call(read_id(message), read_server_message(message))
        else:
            self._on_answer(read_answer(message))

    def _on_call(self, message_id: MessageId, message: ServerMessage | UnknownMethod) -> None:
        match message:
            case said.Notify():
                self._deliver(self._jobs.notify(message, self._now))
            case said.SetDifficulty(difficulty):
                if self._jobs.set_difficulty(difficulty):
                    self._events.append(event.DifficultyChanged(difficulty))
            case said.SetExtranonce():
                self._jobs.set_extranonce(message)
            case said.SetVersionMask(mask):
                self._deliver(self._jobs.set_version_mask(mask, self._now))
            case said.Reconnect():
                self._events.append(event.RedirectAsked(message))
            case said.ShowMessage(text):
                self._on_text(text)
            case said.GetVersion():
                self._outbox.reply(message_id, self.plan.user_agent)
            case said.Ping():
                self._outbox.reply(message_id, "pong")
            case UnknownMethod(method):
                self._on_unknown(message_id, method)

    def _deliver(self, job: Job | None) -> None:
        """Hand a job out, unless its shares could not be sent yet; the latest waits till then."""
        if job is not None and self.state is ClientState.AUTHORIZED:
            self._events.append(event.JobReceived(job))

    def _on_text(self, text: str) -> None:
        if self._messages.allow(self._now):
            self._events.append(event.MessageShown(text))
        else:
            self._drop(Drop.MESSAGE_FLOOD, "more messages than anybody reads")

    def _on_unknown(self, message_id: MessageId, method: str) -> None:
        self._drop(Drop.UNKNOWN_METHOD, f"unknown method {method}")
        self._outbox.refuse(message_id, METHOD_NOT_FOUND)

    # Answers.

    def _on_answer(self, answer: Answer) -> None:
        number = own_id(answer.id)
        if number is not None and (fate := self._shares.answer(number, answer, self._now)):
            self._on_share_answer(fate)
            return
        match None if number is None else self._outbox.take(number):
            case Asked.CONFIGURE:
                self._on_configured(answer)
            case Asked.SUBSCRIBE:
                self._on_subscribed(answer)
            case Asked.AUTHORIZE:
                self._on_authorized(answer)
            case Asked.SUGGEST_DIFFICULTY:
                pass  # what counts is the set_difficulty that may follow
            case None:
                self._drop(Drop.UNMATCHED_ANSWER, "an answer to nothing that is open")

    def _on_configured(self, answer: Answer) -> None:
        try:
            mask = ConfigureResult.from_json(answer.result).version_mask
        except FieldError as error:
            self._drop(Drop.BAD_ANSWER, f"mining.configure: {error}")
            mask = None
        self._configured = mask is not None
        job = self._jobs.agree(mask, self._now)
        self._events.append(event.VersionRollingSettled(self.terms.version_mask))
        self._deliver(job)

    def _on_subscribed(self, answer: Answer) -> None:
        try:
            result = SubscribeResult.from_json(answer.result)
        except FieldError as error:
            why = f"answered with {error}" if answer.error is None else f"refused: {answer.error}"
            self._end(EndCause.SUBSCRIBE_REFUSED, f"subscribe {why}")
            return
        self.state = ClientState.AUTHORIZING
        self._inbox.set_limit(self.limits.later_lines)
        resume = self.plan.resume
        self.resumed = resume is not None and resume.extranonce1 == result.extranonce1
        self._events.append(event.Subscribed(result, self.resumed))
        self._jobs.subscribe(result)
        self._begin_work()
        self._deliver(self._jobs.take_early())

    def _on_authorized(self, answer: Answer) -> None:
        if not answer.accepted:
            why = "" if answer.error is None else f": {answer.error}"
            text = f"authorization refused for user {self.plan.user}{why}"
            self._end(EndCause.AUTHORIZE_REFUSED, text)
            return
        self._accepted = True
        self._begin_work()

    def _begin_work(self) -> None:
        """Go on once subscribe and authorize are both answered, in whichever order."""
        if self._accepted and self.state is ClientState.AUTHORIZING:
            self.state = ClientState.AUTHORIZED
            self._events.append(event.Authorized(self.plan.user))
            if self.plan.configure_late:
                self._ask_configure()
            self._suggest()
            self._deliver(self._jobs.first())

    def _on_share_answer(self, fate: event.ShareAnswered) -> None:
        self._events.append(fate)
        reason = fate.result.reason
        if reason is RejectReason.UNAUTHORIZED and self._authorizations.allow(self._now):
            self._ask_authorize()
        elif reason is RejectReason.NOT_SUBSCRIBED:
            self._end(EndCause.NOT_SUBSCRIBED, "the pool has forgotten our subscription")

    # Asking.

    def _ask_configure(self) -> None:
        if configure := self.plan.configure():
            self._ask(Asked.CONFIGURE, configure)

    def _ask_authorize(self) -> None:
        self._ask(Asked.AUTHORIZE, Authorize(self.plan.user, self.plan.password))

    def _suggest(self) -> None:
        difficulty = self.plan.suggest_difficulty
        if difficulty is not None:
            self._ask(Asked.SUGGEST_DIFFICULTY, SuggestDifficulty(difficulty))

    def _ask(self, asked: Asked, message: Message) -> None:
        patience = self.limits.handshake if asked.fatal else self.limits.optional_request
        self._outbox.ask(asked, message, self._now, patience)

    # Deadlines.

    def _expire_shares(self) -> None:
        self._events += self._shares.expire(self._now)
        if self._shares.silent_row >= self.limits.unanswered_shares:
            text = f"{self._shares.silent_row} shares in a row without an answer"
            self._end(EndCause.SHARES_UNANSWERED, text)

    def _expire_requests(self) -> None:
        overdue = self._outbox.expired(self._now)
        for asked, cause in _FATAL.items():
            if asked in overdue:
                what = asked.value.removeprefix("mining.")
                within = f"within {self.limits.handshake:.0f} s"
                self._end(cause, f"no answer to {what} {within}")
                return
        for asked in overdue:
            self._drop(Drop.UNANSWERED_REQUEST, f"no answer to {asked.value}")
            if asked is Asked.CONFIGURE and not self._configured:
                self._events.append(event.VersionRollingSettled(None))

    def _keep_alive(self) -> None:
        """Say something harmless that this pool has understood before (BIP310 allows repeats)."""
        if self._now < self._outbox.spoke_at + self.limits.keep_alive:
            return
        self._outbox.spoke_at = self._now
        if self._configured:
            self._ask_configure()
        else:
            self._suggest()

    def _listen(self) -> None:
        if self._now >= self._heard_at + self.limits.silence:
            self._end(EndCause.SILENT, f"the pool sent nothing for {self.limits.silence:.0f} s")

    # The end of shares and of the connection.

    def _cannot_send(self, share: Share) -> ShareResult | None:
        if self.state is not ClientState.AUTHORIZED:
            return ShareResult(Verdict.LOST, text="no connection to send it on")
        if share.job.received_at < self._started_at and not self._outlived(share):
            return ShareResult(Verdict.LOST, text="found for an earlier connection")
        if self._shares.full:
            return ShareResult(Verdict.LOST, text="too many shares without an answer")
        if (share.nonce.version ^ share.job.version) & ~(self.terms.version_mask or 0):
            return ShareResult(Verdict.STALE, text="rolls version bits no longer agreed")
        return None

    def _outlived(self, share: Share) -> bool:
        """Tell whether a share of the connection before still counts: its extranonce1 does."""
        resume = self.plan.resume
        return self.resumed and resume is not None and share.job.extranonce1 == resume.extranonce1

    def _end(self, cause: EndCause, text: str) -> None:
        self.state = ClientState.CLOSED
        self._events += self._shares.lose(text)
        self._outbox.discard()
        self._events.append(event.Ended(cause, text))

    def _drop(self, drop: Drop, text: str) -> None:
        self.drops[drop] += 1
        self._events.append(event.Dropped(drop, text))

    def _take_events(self) -> list[ClientEvent]:
        events, self._events = self._events, []
        return events


_FATAL = {
    Asked.SUBSCRIBE: EndCause.SUBSCRIBE_UNANSWERED,
    Asked.AUTHORIZE: EndCause.AUTHORIZE_UNANSWERED,
}
