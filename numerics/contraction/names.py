"""The names of the contractions, apart from their kernels, so that checking a name needs no numba."""

from __future__ import annotations

from cumulode.theory.user_input.arguments import choice

AUTO = "auto"
ORDERED_GAP, PAIR_FORM, SORTED_LIST = "ordered-gap", "pair-form", "sorted-list"
#: What a user may choose.
CONTRACTIONS = (AUTO, ORDERED_GAP, PAIR_FORM, SORTED_LIST)


def check_contraction(contraction: object) -> str:
    """Return ``contraction`` if it is the name of a method."""
    return choice("contraction", contraction, CONTRACTIONS)
