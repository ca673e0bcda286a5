"""The names of the closures, apart from their expressions, so that checking a name needs no SymPy."""

from __future__ import annotations

import math
import re

from cumulode.theory.user_input.arguments import InvalidArgument, nearest

#: Closures whose drift is A C w + B K(w,w,w), A and B functions of k2 and k4.
TWO_TERM = ("taylor", "taylor-activation", "gaussian", "edgeworth", "bimodal", "pearson", "regression")
#: Names a user can give; taylor-N is the expansion to odd order N >= 5, tree:CHI weighs tree's sixth cumulant by CHI.
CLOSURES = (*TWO_TERM, "tree", "conditional")
#: Closures whose drift is minus the gradient of a potential.
GRADIENT = ("taylor", "taylor-activation", "gaussian", "edgeworth", "bimodal", "pearson", "tree")
#: What the flow of a committee can be closed by.
NETWORK_CLOSURES = ("taylor", "mean-field")


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
        if name.startswith("tree:") and _chi(name) is not None:
            return name
    more = ("taylor-5 .. taylor-19 (odd)", "tree:CHI (0 <= CHI < inf)")
    raise InvalidArgument(
        "closure", name, "one of " + ", ".join((*CLOSURES, *more, *also)) + nearest(name, (*CLOSURES, *also))
    )


def tree_weight(name: str) -> float | None:
    """``chi`` of ``tree`` (1) or ``tree:CHI``; None for any other closure."""
    return 1.0 if name == "tree" else _chi(name) if name.startswith("tree:") else None


def _chi(name: str) -> float | None:
    written = name.removeprefix("tree:")
    if not re.fullmatch(r"[0-9]*\.?[0-9]*(e[+-]?[0-9]{1,3})?", written) or not re.match(r"\.?[0-9]", written):
        return None
    chi = float(written)
    return chi if math.isfinite(chi) else None


def is_gradient(name: str) -> bool:
    """Whether the flow of this closure lowers a potential."""
    return name in GRADIENT or name.startswith(("taylor-", "tree:"))
