"""Points of a square where a function changes sign, chosen by ``adaptive.Learner2D`` (an extra).

``adaptive``: B. Nijholt, J. Weston, J. Hoofwijk, A. Akhmerov, doi:10.5281/zenodo.1182437.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .isoline import brackets

Square = tuple[float, float]


def refine(
    evaluate: Callable[[list[Square]], list[float]],
    resolution: float,
    *,
    coarse: int = 7,
    batch: int = 16,
    most: int = 5000,
    known: Mapping[Square, float] | None = None,
    save: Callable[[float], None] = lambda reached: None,
) -> dict[Square, float]:
    """The points of the unit square, with their values, that show where a function is zero to the resolution.

    What comes next follows from the points known alone, so that an interrupted refinement goes on as it would have.
    """
    data = dict(known or {})
    sides = np.linspace(0.0, 1.0, coarse).tolist()
    grid = list(itertools.product(sides, sides))
    while len(data) < most:
        todo = [square for square in grid if square not in data][:batch]
        if not todo:
            todo, reached = _chosen(data, resolution, batch)
            save(reached)
        if not todo:
            break
        todo = todo[: most - len(data)]
        data.update(zip(todo, evaluate(todo), strict=True))
    return data


def _chosen(data: dict[Square, float], resolution: float, batch: int) -> tuple[list[Square], float]:
    """The points by which the learner would split the triangles that are crossed and too large, and the largest."""
    learner = learner_2d()(lambda square: 0.0, ((0.0, 1.0), (0.0, 1.0)), loss_per_triangle=_loss)
    for square, value in zip(data, filled(data), strict=True):
        learner.tell(square, value)
    points, losses = learner.ask(batch, tell_pending=False)
    chosen = [(float(p[0]), float(p[1])) for p, loss in zip(points, losses, strict=True) if loss > resolution]
    return [p for p in dict.fromkeys(chosen) if p not in data], float(learner.loss())


def _loss(interpolator: Any) -> np.ndarray:
    """Of each triangle: how far apart, as a share of the range, two of its corners on different sides are."""
    return brackets(interpolator.tri.points, interpolator.values[:, 0], interpolator.tri.simplices)


def filled(data: dict[Square, float]) -> np.ndarray:
    """Values; where a flow failed that of the nearest point without, so that no boundary arises there."""
    points, values = np.array(list(data)), np.array(list(data.values()))
    good = np.isfinite(values)
    if good.any() and not good.all():
        distance = np.linalg.norm(points[~good, None] - points[None, good], axis=-1)
        values[~good] = values[good][np.argmin(distance, axis=1)]
    return np.nan_to_num(values)


def learner_2d() -> Any:
    """``adaptive.Learner2D``; ImportError in one line without the package."""
    try:
        from adaptive import Learner2D
    except ImportError:
        raise ImportError("refine_boundary needs the package adaptive: pip install 'cumulode[refine]'") from None
    return Learner2D
