"""Fields on a torus as images: one at a time, or a run's at its start, middle and end.

Bad input raises ``InvalidArgument`` with its name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cumulode.numerics.result import Result
from cumulode.theory.user_input.arguments import Described, InvalidArgument, real
from cumulode.validation.receptive_fields.field_input import field, shape_for
from cumulode.validation.receptive_fields.symmetry import TorusSymmetry, transform

from .runs import largest_weight, last_time, moved_by, one_run, to_middle
from .style import axes_or_new, styled


@styled()
def field_image(
    w: ArrayLike,
    ax: Axes | None = None,
    *,
    shape: Any = None,
    symmetry: TorusSymmetry | None = None,
    limit: float | None = None,
    colorbar: bool = True,
) -> Axes:
    """One field on a torus: first index upward (row), second to the right, the weight in colour, white at 0.

    Parameters
    ----------
    w : (D,) array
        Weights, row-major; grey where not finite.
    shape : (L, L), optional
        Sides of the torus; by default ``sqrt D``.
    symmetry : TorusSymmetry, optional
        Move the field by this first. The axis says what was done.
    limit : float > 0, optional
        Weight at the ends of the colour scale (default: the largest absolute weight).
    """
    flat = field("w", w)
    side = round(flat.shape[-1] ** 0.5)
    if flat.ndim != 1 or (shape is None and side * side != flat.size):
        raise InvalidArgument("w", Described(f"shape {flat.shape}"), "one field (L * L,) on a torus")
    sides = shape_for(flat, (side, side) if shape is None else shape)
    if len(sides) != 2:
        raise InvalidArgument("shape", shape, "(L, L)")
    image = np.ma.masked_invalid((flat if symmetry is None else transform(flat, symmetry)).reshape(sides))
    limit = largest_weight(image.data) if limit is None else real("limit", limit, gt=0)
    ax = axes_or_new(ax)
    drawn = ax.imshow(image, origin="lower", cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_facecolor("0.8")
    moved = textwrap.fill(moved_by(symmetry, side), 36)
    ax.set(xlabel="column (site)" + ("\n" + moved if moved else ""), ylabel="row (site)", aspect="equal")
    ax.locator_params(integer=True)
    if colorbar:
        ax.figure.colorbar(drawn, ax=ax, label="weight", shrink=0.8)
    return ax


@styled()
def field_images(
    trajectory: Result,
    axes: Sequence[Axes] | None = None,
    *,
    run: int = 0,
    times: ArrayLike | None = None,
    shape: Any = None,
    centred: bool = False,
    limit: float | None = None,
) -> list[Axes]:
    """A run on a torus as images: by default at its first, middle and last recorded time.

    Parameters
    ----------
    trajectory : Result
        Weights (T, L * L) or (n, T, L * L), of which ``run`` in [0, n) is shown.
    axes : sequence of Axes, optional
        One an image; by default those of a new figure.
    times : 1-d array, optional
        Of each the nearest recorded time is shown.
    shape : (L, L), optional
        Sides of the torus, where the trajectory's provenance does not say.
    centred : bool
        Translate all images alike, so that the final field's centre, if it has one, is in the middle.
    limit : float > 0, optional
        One colour scale for all images; by default each has its own, since fields grow from small starts.
    """
    sides = trajectory.shape if shape is None else shape_for(trajectory.w, shape)
    if len(sides) != 2:
        got = Described(f"{sides[0]} sites on a ring")
        raise InvalidArgument("trajectory", got, "a run on a torus (of a ring: space_time)")
    w = one_run(trajectory, run)
    shown = _nearest(trajectory.t, times)
    if axes is None:
        figure = Figure(figsize=(4 * len(shown) + 0.4, 3.9), layout="constrained")
        axes = np.ravel(figure.subplots(1, len(shown))).tolist()
    if len(axes) != len(shown):
        raise InvalidArgument("axes", Described(f"{len(axes)} Axes"), f"one for each of the {len(shown)} times")
    move: Any = to_middle(w[last_time(w)], sides) if centred else None
    for i, ax in zip(shown, axes, strict=True):
        field_image(w[i], ax, shape=sides, symmetry=move, limit=limit)
        ax.set_title(f"t = {trajectory.t[i]:.4g}")
    return list(axes)


def _nearest(recorded: np.ndarray, times: ArrayLike | None) -> list[int]:
    """Indices of the recorded times nearest to ``times``, each once, in order."""
    if times is None:
        return sorted({0, len(recorded) // 2, len(recorded) - 1})
    try:
        wanted = np.atleast_1d(np.asarray(times, dtype=float))
    except (TypeError, ValueError):
        wanted = np.array([])
    if wanted.ndim != 1 or not wanted.size or not np.isfinite(wanted).all():
        raise InvalidArgument("times", times, "a 1-d sequence of finite times")
    return sorted({int(np.argmin(np.abs(recorded - t))) for t in wanted})
