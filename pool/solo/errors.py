"""What can be wrong with a node; each text is one clear line with the cure."""

from stampmill.core.errors import ExitCode, NoPoolError


class NodeError(NoPoolError):
    """A node gives no work, or no answer, for now: trying again later may help."""


class NodeBusyError(NodeError):
    """The node is starting, downloading the chain or overloaded."""


class NodeRefusedError(NodeError):
    """The node does not let us in: only its owner can change that."""


class NodeMisfitError(NodeError):
    """This node can never serve this run: another chain, unknown rules, no segwit."""


class WrongNetworkError(NodeMisfitError):
    """The payout address, or the chain asked for, is not the node's."""

    exit_code = ExitCode.USAGE


class RpcError(NodeError):
    """The node understood a call and says no, with a code and words of its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"the node answers: {message} (error {code})")
        self.code = code
        self.message = message
