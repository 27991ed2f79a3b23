"""The client's side of one connection, without I/O: bytes in, events out, bytes to send."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from stampmill.core.job import RejectReason, Share, ShareResult, ShareSink, Verdict
from stampmill.core.rate_limit import RateLimit
from stampmill.pool.stratum import notifications as said
from stampmill.pool.stratum.answers import Answer, MessageId, PoolError
from stampmill.pool.stratum.drops import BrokenStreamError, Drop, UnusableMessageError
from stampmill.pool.stratum.inbox import Inbox
from stampmill.pool.stratum.json_line import Json
from stampmill.pool.stratum.messages import (
    ServerMessage,
    UnknownMethod,
    is_call,
    read_answer,
    read_id,
    read_server_message,
)
from stampmill.pool.upstream import events as event
from stampmill.pool.upstream.events import ClientEvent, ClientState, EndCause
from stampmill.pool.upstream.handshake import Handshake
from stampmill.pool.upstream.job_builder import Terms
from stampmill.pool.upstream.job_stream import JobStream
from stampmill.pool.upstream.journal import Journal
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
        self._journal = Journal()
        self._inbox = Inbox(limits.first_lines, on_line)
        self._outbox = Outbox()
        self._shares = ShareLedger(limits.pending_shares, limits.share)
        self._jobs = JobStream(plan.version_mask, sink, plan.payout)
        self._handshake = Handshake(
            plan, limits, self._journal, self._outbox, self._jobs, end=self._end
        )
        self._messages = RateLimit(burst=10, seconds=60)
        self._started_at = self._heard_at = 0.0

    @property
    def state(self) -> ClientState:
        """How far the connection has come."""
        return self._journal.state

    @property
    def drops(self) -> Counter[Drop]:
        """What was unusable, by name."""
        return self._journal.drops

    @property
    def resumed(self) -> bool:
        """Whether the extranonces are those of the connection before."""
        return self._handshake.resumed

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
        self._journal.now = self._started_at = self._heard_at = now
        self._handshake.start()

    def feed(self, data: bytes, now: float) -> list[ClientEvent]:
        """Take bytes in any segmentation and return what they mean."""
        self._journal.now = now
        try:
            if not self._journal.closed:
                self._inbox.feed(data)
                self._read_all()
        except BrokenStreamError as error:
            self._journal.drop(error.drop, str(error))
            self._end(EndCause.BROKEN_STREAM, str(error))
        return self._journal.take()

    def poll(self, now: float) -> list[ClientEvent]:
        """Return what has become overdue."""
        self._journal.now = now
        handshake = self._handshake
        for check in (self._expire_shares, handshake.expire, handshake.keep_alive, self._listen):
            if not self._journal.closed:
                check()
        return self._journal.take()

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
        self._journal.now = now
        if fate := self._cannot_send(share):
            return [event.ShareAnswered(share, fate)]
        request = self.plan.submit(share, self.terms.version_mask)
        self._shares.add(self._outbox.send(request, now), share, now)
        return []

    def wish(self, suggest: float | None, minimum: float | None, now: float) -> list[ClientEvent]:
        """Ask for other difficulties than before."""
        self._journal.now = now
        self.plan = replace(self.plan, suggest_difficulty=suggest, minimum_difficulty=minimum)
        self._handshake.wish(self.plan)
        return self._journal.take()

    def end(self, cause: EndCause, text: str, now: float) -> list[ClientEvent]:
        """Close from outside; shares without an answer are lost. Ends once, whoever begins."""
        self._journal.now = now
        if not self._journal.closed:
            self._end(cause, text)
        return self._journal.take()

    def give_up_shares(self, text: str) -> list[ClientEvent]:
        """Report every share without an answer as lost, and keep the connection."""
        self._journal.tell(*self._shares.lose(text))
        return self._journal.take()

    def data_to_send(self) -> bytes:
        """Return what must be written now; the next call returns what came after."""
        return self._outbox.data_to_send()

    # Reading.

    def _read_all(self) -> None:
        while not self._journal.closed:
            try:
                message = self._inbox.next_message()
                if message is None:
                    return
                self._on_message(message)
            except UnusableMessageError as error:
                self._on_unusable(error)
            self._heard_at = self._journal.now

    def _on_unusable(self, error: UnusableMessageError) -> None:
        self._journal.drop(error.drop, str(error))
        if error.drop is Drop.PAYS_OTHERS:
            self._end(EndCause.PAYS_OTHERS, str(error))

    def _on_message(self, message: dict[str, Json]) -> None:
        if is_call(message):
            self._on_call(read_id(message), read_server_message(message))
        else:
            self._on_answer(read_answer(message))

    def _on_call(self, message_id: MessageId, message: ServerMessage | UnknownMethod) -> None:
        jobs, now = self._jobs, self._journal.now
        match message:
            case said.Notify():
                self._handshake.deliver(jobs.notify(message, now))
            case said.SetDifficulty(difficulty):
                self._on_difficulty(difficulty)
            case said.SetExtranonce():
                jobs.set_extranonce(message)
            case said.SetVersionMask(mask):
                self._handshake.deliver(jobs.set_version_mask(mask, now))
            case said.Reconnect():
                self._journal.tell(event.RedirectAsked(message))
            case said.ShowMessage(text):
                self._on_text(text)
            case said.GetVersion():
                self._outbox.reply(message_id, self.plan.user_agent)
            case said.Ping():
                self._outbox.reply(message_id, "pong")
            case said.Pong():
                pass  # a sign of life, which any line is
            case UnknownMethod(method):
                self._on_unknown(message_id, method)

    def _on_difficulty(self, difficulty: float) -> None:
        changed, job = self._jobs.set_difficulty(difficulty, self._journal.now)
        if changed:
            self._journal.tell(event.DifficultyChanged(difficulty))
        self._handshake.deliver(job)

    def _on_text(self, text: str) -> None:
        if self._messages.allow(self._journal.now):
            self._journal.tell(event.MessageShown(text))
        else:
            self._journal.drop(Drop.MESSAGE_FLOOD, "more messages than anybody reads")

    def _on_unknown(self, message_id: MessageId, method: str) -> None:
        self._journal.drop(Drop.UNKNOWN_METHOD, f"unknown method {method}")
        self._outbox.refuse(message_id, METHOD_NOT_FOUND)

    def _on_answer(self, answer: Answer) -> None:
        number = own_id(answer.id)
        if number is not None and (fate := self._shares.answer(number, answer, self._journal.now)):
            self._on_share_answer(fate)
            return
        asked = None if number is None else self._outbox.take(number)
        if asked is None:
            self._journal.drop(Drop.UNMATCHED_ANSWER, "an answer to nothing that is open")
            return
        self._handshake.answered(asked, answer)
        if asked is Asked.SUBSCRIBE:
            self._inbox.set_limit(self.limits.later_lines)

    def _on_share_answer(self, fate: event.ShareAnswered) -> None:
        self._journal.tell(fate)
        if fate.result.reason is RejectReason.UNAUTHORIZED:
            self._handshake.authorize_again()
        elif fate.result.reason is RejectReason.NOT_SUBSCRIBED:
            self._end(EndCause.NOT_SUBSCRIBED, "the pool has forgotten our subscription")

    # Deadlines.

    def _expire_shares(self) -> None:
        self._journal.tell(*self._shares.expire(self._journal.now))
        if self._shares.silent_row >= self.limits.unanswered_shares:
            text = f"{self._shares.silent_row} shares in a row without an answer"
            self._end(EndCause.SHARES_UNANSWERED, text)

    def _listen(self) -> None:
        if self._journal.now >= self._heard_at + self.limits.silence:
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
        self._journal.state = ClientState.CLOSED
        self._journal.tell(*self._shares.lose(text))
        self._outbox.discard()
        self._inbox.clear()
        self._journal.tell(event.Ended(cause, text))
