"""What a client asks for besides shares: its requests, their answers, and their deadlines."""

from collections.abc import Callable

from stampmill.core.job import Job
from stampmill.core.rate_limit import RateLimit
from stampmill.pool.stratum.answers import Answer, ConfigureResult, SubscribeResult
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.messages import Message
from stampmill.pool.stratum.requests import (
    MINIMUM_DIFFICULTY,
    Authorize,
    ExtranonceSubscribe,
    Subscribe,
    SuggestDifficulty,
)
from stampmill.pool.upstream import events as event
from stampmill.pool.upstream.events import ClientState, EndCause
from stampmill.pool.upstream.job_stream import JobStream
from stampmill.pool.upstream.journal import Journal
from stampmill.pool.upstream.outbox import Asked, Outbox
from stampmill.pool.upstream.plan import ClientLimits, ClientPlan


class Handshake:
    """Opens a session, settles its terms, and keeps it alive.

    `end` closes the connection for a cause.
    """

    def __init__(
        self,
        plan: ClientPlan,
        limits: ClientLimits,
        journal: Journal,
        outbox: Outbox,
        jobs: JobStream,
        *,
        end: Callable[[EndCause, str], None],
    ) -> None:
        self.resumed = False
        """Whether the extranonces are those of the connection before."""
        self._plan = plan
        self._limits = limits
        self._journal = journal
        self._outbox = outbox
        self._jobs = jobs
        self._end = end
        self._configured = False
        self._accepted = False
        self._extranonce_granted = False
        self._authorizations = RateLimit(burst=1, seconds=60)

    def start(self) -> None:
        """Configure, subscribe and authorize, without waiting in between."""
        self._journal.state = ClientState.SUBSCRIBING
        if not self._plan.configure_late:
            self._ask_configure()
        resume = self._plan.resume
        session_id = None if resume is None else resume.session_id
        self._ask(Asked.SUBSCRIBE, Subscribe(self._plan.user_agent, session_id))
        self._ask_authorize()

    def deliver(self, job: Job | None) -> None:
        """Hand a job out, unless its shares could not be sent yet; the latest waits till then."""
        if job is not None and self._journal.state is ClientState.AUTHORIZED:
            self._journal.tell(event.JobReceived(job))

    def answered(self, asked: Asked, answer: Answer) -> None:
        """Take the answer to one of our requests."""
        match asked:
            case Asked.CONFIGURE:
                self._on_configured(answer)
            case Asked.SUBSCRIBE:
                self._on_subscribed(answer)
            case Asked.AUTHORIZE:
                self._on_authorized(answer)
            case Asked.SUGGEST_DIFFICULTY | Asked.EXTRANONCE_SUBSCRIBE:
                pass  # what counts is what may follow: set_difficulty, set_extranonce

    def authorize_again(self) -> None:
        """Name the user once more, once a minute at most: the pool has forgotten him."""
        if self._authorizations.allow(self._journal.now):
            self._ask_authorize()

    def wish(self, plan: ClientPlan) -> None:
        """Ask for what differs; what was not asked for yet waits its turn."""
        before, self._plan = self._plan, plan
        authorized = self._journal.state is ClientState.AUTHORIZED
        if plan.minimum_difficulty != before.minimum_difficulty and (
            authorized or not plan.configure_late
        ):
            self._ask_configure()
        if plan.suggest_difficulty != before.suggest_difficulty and authorized:
            self._suggest()

    def expire(self) -> None:
        """Give up what is overdue, and the connection with it where there is no mining without."""
        overdue = self._outbox.expired(self._journal.now)
        for asked, cause in _FATAL.items():
            if asked in overdue:
                what = asked.value.removeprefix("mining.")
                self._end(cause, f"no answer to {what} within {self._limits.handshake:.0f} s")
                return
        for asked in overdue:
            self._journal.drop(Drop.UNANSWERED_REQUEST, f"no answer to {asked.value}")
            if asked is Asked.CONFIGURE and not self._configured:
                self._journal.tell(event.VersionRollingSettled(None))

    def keep_alive(self) -> None:
        """Say something harmless that this pool has understood before (BIP310 allows repeats)."""
        if self._journal.now < self._outbox.spoke_at + self._limits.keep_alive:
            return
        self._outbox.spoke_at = self._journal.now
        if self._configured:
            self._ask_configure()
        else:
            self._suggest()

    def _on_configured(self, answer: Answer) -> None:
        try:
            granted = ConfigureResult.from_json(answer.result)
        except FieldError as error:
            self._journal.drop(Drop.BAD_ANSWER, f"mining.configure: {error}")
            granted = ConfigureResult()
        self._configured = granted.version_mask is not None
        job = self._jobs.agree(granted.version_mask, self._journal.now)
        self._journal.tell(event.VersionRollingSettled(self._jobs.terms.version_mask))
        if self._plan.minimum_difficulty is not None and not granted.minimum_difficulty:
            self._journal.tell(event.ExtensionRefused(MINIMUM_DIFFICULTY))
        self._extranonce_granted = granted.subscribe_extranonce is True
        self.deliver(job)

    def _on_subscribed(self, answer: Answer) -> None:
        try:
            result = SubscribeResult.from_json(answer.result)
        except FieldError as error:
            why = f"answered with {error}" if answer.error is None else f"refused: {answer.error}"
            self._end(EndCause.SUBSCRIBE_REFUSED, f"subscribe {why}")
            return
        self._journal.state = ClientState.AUTHORIZING
        resume = self._plan.resume
        self.resumed = resume is not None and resume.extranonce1 == result.extranonce1
        self._journal.tell(event.Subscribed(result, self.resumed))
        self._jobs.subscribe(result)
        self._begin_work()
        self.deliver(self._jobs.take_early())

    def _on_authorized(self, answer: Answer) -> None:
        if not answer.accepted:
            why = "" if answer.error is None else f": {answer.error}"
            text = f"authorization refused for user {self._plan.user}{why}"
            self._end(EndCause.AUTHORIZE_REFUSED, text)
            return
        self._accepted = True
        self._begin_work()

    def _begin_work(self) -> None:
        """Go on once subscribe and authorize are both answered, in whichever order."""
        if self._accepted and self._journal.state is ClientState.AUTHORIZING:
            self._journal.state = ClientState.AUTHORIZED
            self._journal.tell(event.Authorized(self._plan.user))
            if self._plan.configure_late:
                self._ask_configure()
            self._suggest()
            if self._plan.extranonce_subscribe and not self._extranonce_granted:
                self._ask(Asked.EXTRANONCE_SUBSCRIBE, ExtranonceSubscribe())
            self.deliver(self._jobs.first())

    def _ask_configure(self) -> None:
        if configure := self._plan.configure():
            self._ask(Asked.CONFIGURE, configure)

    def _ask_authorize(self) -> None:
        self._ask(Asked.AUTHORIZE, Authorize(self._plan.user, self._plan.password))

    def _suggest(self) -> None:
        difficulty = self._plan.suggest_difficulty
        if difficulty is not None:
            self._ask(Asked.SUGGEST_DIFFICULTY, SuggestDifficulty(difficulty))

    def _ask(self, asked: Asked, message: Message) -> None:
        patience = self._limits.handshake if asked.fatal else self._limits.optional_request
        self._outbox.ask(asked, message, self._journal.now, patience)


_FATAL = {
    Asked.SUBSCRIBE: EndCause.SUBSCRIBE_UNANSWERED,
    Asked.AUTHORIZE: EndCause.AUTHORIZE_UNANSWERED,
}
