"""The template of a real node, changed as a test wants it."""

import json
from typing import Any

from stampmill.pool.node.rpc_template import NodeTemplate, parse
from tests.pool.node.vectors import case

GIVEN: dict[str, Any] = case()["template"]


def template(**changes: Any) -> NodeTemplate:
    return parse(json.dumps(GIVEN | changes).encode())
