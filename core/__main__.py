"""`python -m stampmill.core` is the `stampmill` command."""

import sys

from stampmill.core.cli.main import main

sys.exit(main())
