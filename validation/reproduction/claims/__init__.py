"""The claims of the paper, one a file, in the order of their numbers.

``tiling``, ``control``, ``filters``, ``robust``, ``early``, ``cumulant``, ``tensor``, ``ising``, ``single``.
"""

from __future__ import annotations

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.reproduction.claim import Claim

from . import control, cumulant, early, filters, ising, robust, single, tensor, tiling

CLAIMS: tuple[Claim, ...] = tuple(
    module.CLAIM for module in (tiling, control, filters, robust, early, cumulant, tensor, ising, single)
)


def chosen(claims: object) -> tuple[Claim, ...]:
    """The claims named: "all", a number, a name, or a sequence of these. ValueError naming ``claims`` otherwise."""
    if isinstance(claims, np.ndarray):
        claims = claims.tolist()
    if isinstance(claims, str) and claims == "all":
        return CLAIMS
    if isinstance(claims, (list, tuple)) and claims:
        picked = {claim.number: claim for named in claims for claim in chosen(named)}
        return tuple(picked[number] for number in sorted(picked))
    if isinstance(claims, (str, int)) and not isinstance(claims, bool):
        for claim in CLAIMS:
            if str(claims) in (str(claim.number), claim.name):
                return (claim,)
    known = ", ".join(f"{claim.number} or {claim.name}" for claim in CLAIMS)
    raise InvalidArgument("claims", claims, f"all, or {known}")
