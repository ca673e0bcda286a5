"""Fields on a torus as images: one at a time, or a run's at its start, middle and end."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.user_input.arguments import InvalidArgument, real
from cumulode.validation.receptive_fields.field_input import field as as_field
from cumulode.validation.receptive_fields.field_input import on_torus, shape_for
from cumulode.validation.receptive_fields.symmetry import TorusSymmetry, transform

from .parts import axes_or_new, largest_weight, last_field, one_run, shape_of_run, torus_to_middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cumulode.numerics.result import Result

__all__ = ["field_image", "field_images"]


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

    Raises
    ------
    ValueError
        If ``w`` is no field on a torus, or ``limit`` is not above 0.
    """
    found = as_field("w", w)
    side = round(found.shape[-1] ** 0.5)
    if found.ndim != 1 or (shape is None and side * side != found.size):
        raise InvalidArgument("w", f"shape {found.shape}", "one field (L * L,) on a torus")
    sides = shape_for(found, (side, side) if shape is None else shape)
    if len(sides) != 2:
        raise InvalidArgument("shape", shape, "(L, L)")
    moved = on_torus(found if symmetry is None else transform(found, symmetry), sides)
    limit = largest_weight(moved) if limit is None else real("limit", limit, gt=0, allowed="a weight > 0")
    ax = axes_or_new(ax)
    image = ax.imshow(
        np.ma.masked_invalid(moved), origin="lower", cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
    )
    ax.set_facecolor("0.8")
    ax.set(xlabel="column" + _moves(symmetry, side), ylabel="row", aspect="equal")
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
    if colorbar:
        ax.figure.colorbar(image, ax=ax, label="weight", shrink=0.8)
    return ax


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
        Sides of the torus, where the trajectory's provenance does not tell.
    centred : bool
        Translate all images alike, so that the final field's centre, if it has one, is in the middle.
    limit : float > 0, optional
        One colour scale for all images; by default each has its own, since fields grow from small starts.

    Raises
    ------
    ValueError
        If the trajectory is not one on a torus, ``run`` does not exist, or the axes are not one a time.
    """
    sides = shape_of_run(trajectory, shape)
    if len(sides) != 2:
        raise InvalidArgument("trajectory", f"{sides[0]} sites on a ring", "a run on a torus (of a ring: space_time)")
    w = one_run(trajectory, run)
    picked = _nearest(trajectory.t, times)
    panels = _panels(len(picked)) if axes is None else list(axes)
    if len(panels) != len(picked):
        raise InvalidArgument("axes", f"{len(panels)} Axes", f"one for each of the {len(picked)} times")
    move = torus_to_middle(last_field(w), sides) if centred else None
    for i, ax in zip(picked, panels, strict=True):
        field_image(w[i], ax, shape=sides, symmetry=move, limit=limit)
        ax.set_title(f"t = {trajectory.t[i]:.4g}", loc="left", fontsize=11)
    return panels


def _nearest(recorded: np.ndarray, times: ArrayLike | None) -> list[int]:
    """Indices of the recorded times asked for, each once, in order."""
    if times is None:
        return sorted({0, len(recorded) // 2, len(recorded) - 1})
    try:
        asked = np.atleast_1d(np.asarray(times, dtype=float))
    except (TypeError, ValueError):
        asked = np.array([np.nan])
    if asked.ndim != 1 or not asked.size or not np.isfinite(asked).all():
        raise InvalidArgument("times", times, "a 1-d sequence of finite times")
    return sorted({int(np.argmin(np.abs(recorded - t))) for t in asked})


def _panels(count: int) -> list[Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * count + 0.4, 3.9), layout="constrained")
    return [figure.add_subplot(1, count, i + 1) for i in range(count)]


def _moves(symmetry: TorusSymmetry | None, side: int) -> str:
    """How the sites were moved, in brackets on lines of their own."""
    if symmetry is None:
        return ""
    element = int(symmetry.element)
    shift = [int(s) - (side if s > side // 2 else 0) for s in symmetry.shift]
    done = ["axes exchanged"] * bool(element & 4) + ["rows reversed"] * bool(element & 1)
    done += ["columns reversed"] * bool(element & 2) + [f"shifted by {shift[0]:+d}, {shift[1]:+d}"] * any(shift)
    done += ["sign reversed"] * bool(symmetry.sign < 0)
    return "\n" + textwrap.fill(f"({', '.join(done)})", 36) if done else ""
