"""``python -m vitrina COMMAND``: the operator's commands; see ``vitrina.cli``."""

import sys

from vitrina.cli.commands import main

sys.exit(main())
