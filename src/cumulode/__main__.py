"""``python -m cumulode``: the command line."""

import sys

from cumulode.validation.cli import main

sys.exit(main())
