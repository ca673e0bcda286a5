"""``python -m cumulode.theory.documents [FOLDER]``: write all derivations (default: derivations/)."""

import sys

from . import write

for path in write(sys.argv[1] if len(sys.argv) > 1 else "derivations"):
    print(path)
