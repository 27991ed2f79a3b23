"""The names under which unusable input is counted."""

from enum import Enum


class Drop(Enum):
    """Why a line, message or value was thrown away; a counter of this name goes up."""

    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"
    NOT_A_MESSAGE = "not-a-message"
    """Neither a method nor anything of an answer, or an id that cannot be echoed."""
    LINE_TOO_LONG = "line-too-long"
    NOT_STRATUM = "not-stratum"
    """The peer speaks TLS or HTTP."""
    UNKNOWN_METHOD = "unknown-method"
    BAD_PARAMETERS = "bad-parameters"
    BAD_JOB = "bad-job"
    DUPLICATE_JOB = "duplicate-job"
    PAYS_OTHERS = "pays-others"
    """A job whose block would not pay the address that the user wants paid."""
    BAD_DIFFICULTY = "bad-difficulty"
    BAD_EXTRANONCE = "bad-extranonce"
    BAD_VERSION_MASK = "bad-version-mask"
    VERSION_MASK_NOT_AGREED = "version-mask-not-agreed"
    BAD_ANSWER = "bad-answer"
    """An optional request was answered with something unreadable."""
    UNMATCHED_ANSWER = "unmatched-answer"
    """The answer to a request never made, given up, or answered before."""
    UNANSWERED_REQUEST = "unanswered-request"
    MESSAGE_FLOOD = "message-flood"
    REDIRECT_REFUSED = "redirect-refused"


class UnusableMessageError(Exception):
    """A line or message that cannot be used; caught by the protocols, never let out of feed()."""

    def __init__(self, drop: Drop, text: str) -> None:
        super().__init__(text)
        self.drop = drop


class BrokenStreamError(Exception):
    """The peer does not speak Stratum or never ends a line: its connection must be dropped."""

    def __init__(self, drop: Drop, text: str) -> None:
        super().__init__(text)
        self.drop = drop
