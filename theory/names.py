"""The names of the closures, apart from their expressions, so that checking a name needs no SymPy."""

from __future__ import annotations

import re

from .validate import complain

#: Names a user can give; taylor-N is the expansion to odd order N >= 5.
CLOSURES = ("taylor", "taylor-activation", "gaussian", "edgeworth", "bimodal", "pearson", "regression")
#: Names with a place in the contract that are not built yet.
PLANNED = ("tree", "conditional")
#: Closures whose drift is minus the gradient of a potential.
GRADIENT = ("taylor", "taylor-activation", "gaussian", "edgeworth", "bimodal", "pearson")


def check_closure(name: object, also: tuple[str, ...] = ()) -> str:
    """Return ``name`` if a closure is called so; ``also`` names those the caller builds itself ("exact").

    Raises
    ------
    ValueError
        Naming ``closure`` and every name allowed.
    """
    if isinstance(name, str):
        if name in CLOSURES or name in also:
            return name
        if re.fullmatch(r"taylor-([5-9]|1[0-9])", name) and int(name[7:]) % 2:
            return name
    later = f" ({name} is not built yet)" if isinstance(name, str) and name in PLANNED else ""
    raise complain("closure", name, "one of " + ", ".join((*CLOSURES, "taylor-5 .. taylor-19 (odd)", *also)) + later)


def is_gradient(name: str) -> bool:
    """Whether the flow of this closure lowers a potential."""
    return name in GRADIENT or name.startswith("taylor-")
