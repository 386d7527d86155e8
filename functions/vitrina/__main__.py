"""``python -m vitrina``: the operator's commands."""

import sys

from vitrina.cli.commands import main

sys.exit(main())
