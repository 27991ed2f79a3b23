"""`python -P -m stampmill.bench.processes ROLE SETTINGS`: one process that is measured."""

import json
import sys
from importlib import import_module

from stampmill.core.errors import StampmillError


def main(arguments: list[str]) -> int:
    """Run a role and print its result; an error is one line on standard error."""
    role, settings = arguments[0], json.loads(arguments[1])
    try:
        result = import_module(_ROLES[role]).child(settings)
    except StampmillError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(result), flush=True)
    return 0


# Imported by role: what another role needs must not be in this one's memory.
_ROLES = {
    "rate": "stampmill.bench.pipeline.rate",
    "pool": "stampmill.bench.processes.pool",
    "mine": "stampmill.bench.processes.mining",
    "crowd-pool": "stampmill.bench.processes.crowd_pool",
    "crowd": "stampmill.bench.processes.crowd",
    "watched": "stampmill.bench.processes.watched",
    "poller": "stampmill.bench.processes.poller",
    "answerer": "stampmill.bench.processes.answerer",
    "messages": "stampmill.bench.pipeline.messages",
    "kernel": "stampmill.bench.candidates.child",
    "threads": "stampmill.bench.scaling.threads",
    "count-kernel": "stampmill.bench.candidates.counted",
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
