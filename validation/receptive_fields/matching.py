"""Fields of a fully connected network matched with filters of a convolutional one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from cumulode.numerics.display import json_ready
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.arrays import finite_array

from .field_input import ROUNDING, embed, shape_for
from .metrics import width
from .symmetry import AnySymmetry, align, find_symmetry, transform

_ARRAYS = ("assignment", "correlation", "correlations", "field_width", "filter_width")


@dataclass(frozen=True, eq=False)
class Match:
    """K fields and the filter of each.

    Attributes
    ----------
    fields, aligned : (K, D) array
        The fields as given, and the filter of each, moved onto it.
    assignment : (K,) int array
        Index of each field's filter.
    correlation : (K,) array
        Pearson's over the D sites, of each field with its aligned filter, in [0, 1].
    correlations : (K, F) array
        The same of every field with every filter, each aligned by itself.
    symmetry : Symmetry or TorusSymmetry of (K,) arrays
        Shift, reflection (on a torus the square's element) and sign that move each filter onto its field.
    field_width, filter_width : (K,) array
        ``metrics.width``, sites.
    shape : tuple
    """

    fields: np.ndarray
    aligned: np.ndarray
    assignment: np.ndarray
    correlation: np.ndarray
    correlations: np.ndarray
    symmetry: AnySymmetry
    field_width: np.ndarray
    filter_width: np.ndarray
    shape: tuple[int, ...]

    @property
    def quartiles(self) -> np.ndarray:
        """Lower quartile, median and upper quartile of ``correlation``, (3,)."""
        return np.quantile(self.correlation, [0.25, 0.5, 0.75])

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON."""
        symmetry = {name: json_ready(part) for name, part in self.symmetry._asdict().items()}
        arrays = {name: json_ready(getattr(self, name)) for name in _ARRAYS}
        return {**arrays, **symmetry, "quartiles": json_ready(self.quartiles), "shape": list(self.shape)}

    def __repr__(self) -> str:
        low, middle, high = self.quartiles
        return f"Match(fields {len(self.fields)}, correlation {middle:.3f} (quartiles {low:.3f}, {high:.3f}))"


def match_fields(fields: ArrayLike, filters: ArrayLike, shape: Any = None) -> Match:
    """Give every field the filter that it resembles most, after translation, reflection and sign.

    These are the symmetries of the drift (``metrics.align``): D translations, the reflection (on a torus the square's
    eight elements) and the sign. The correlation is Pearson's, means taken off, so that a constant added to a field
    counts for nothing. A filter serves one field, the sum of correlations being the largest (``scipy``'s
    ``linear_sum_assignment``); with more fields than filters each field takes its best one. As the largest over all
    these symmetries, it is above 0 for unrelated fields too: compare with a control.

    Parameters
    ----------
    fields : (K, D) array
        Not constant, finite.
    filters : (F, D) array, or (F, P) with P < D
        Fewer taps are continued by zeros; on a torus P is a square.
    shape : None, or (L, L)
        None is the ring.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    w = _rows("fields", fields)
    sides = shape_for(w, shape)
    v = _continued(_rows("filters", filters), sides)
    torus = sides if len(sides) == 2 else None
    centred_w, centred_v = w - w.mean(axis=-1, keepdims=True), v - v.mean(axis=-1, keepdims=True)
    correlations = align(centred_v, centred_w[:, None], shape=torus)[1]
    if len(w) > len(v):
        assignment = np.argmax(correlations, axis=-1)
    else:
        assignment = linear_sum_assignment(correlations, maximize=True)[1]
    symmetry = find_symmetry(centred_v[assignment], centred_w, shape=torus)
    return Match(
        fields=w,
        aligned=transform(v[assignment], symmetry),
        assignment=assignment,
        correlation=correlations[np.arange(len(w)), assignment],
        correlations=correlations,
        symmetry=symmetry,
        field_width=width(w, torus),
        filter_width=width(v, torus)[assignment],
        shape=sides,
    )


def _rows(name: str, values: Any) -> np.ndarray:
    """Finite rows that are not constant."""
    allowed = "finite real numbers, a row each, no row constant"
    array = finite_array(name, values, allowed)
    if array.ndim != 2 or array.size == 0:
        raise InvalidArgument(name, Described(f"shape {array.shape}"), allowed)
    spread = np.ptp(array, axis=-1)
    if (spread <= ROUNDING * np.abs(array).max(axis=-1)).any():
        raise InvalidArgument(name, Described(f"the constant row {int(np.argmin(spread))}"), allowed)
    return array


def _continued(v: np.ndarray, sides: tuple[int, ...]) -> np.ndarray:
    """Filters of fewer taps, with zeros for the other sites."""
    taps: tuple[int, ...] = (v.shape[-1],)
    if len(sides) == 2:
        taps = (math.isqrt(v.shape[-1]),) * 2
    if math.prod(taps) != v.shape[-1] or taps > sides:
        square = " a square," if len(sides) == 2 else ""
        allowed = f"rows of{square} at most {math.prod(sides)} taps"
        raise InvalidArgument("filters", Described(f"{v.shape[-1]} taps"), allowed)
    return embed(v, taps, sides)
