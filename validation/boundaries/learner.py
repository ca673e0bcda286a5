"""Where a function on a square changes sign: points chosen by ``adaptive.Learner2D`` (an extra), and the line itself.

``adaptive``: B. Nijholt, J. Weston, J. Hoofwijk, A. Akhmerov, doi:10.5281/zenodo.1182437.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import Delaunay

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


class Isoline(NamedTuple):
    """Vertices (m, 2) in order along the lines; ``line`` (m,) which of them; ``bracket`` (m,) the larger of the two
    extents of the edge that a vertex lies on, whose ends are on either side of zero.
    """

    vertices: np.ndarray
    line: np.ndarray
    bracket: np.ndarray


def brackets(points: np.ndarray, values: np.ndarray, simplices: np.ndarray) -> np.ndarray:
    """Per triangle the largest extent, along either axis, of an edge whose ends differ in sign; 0 where none does."""
    largest = np.zeros(len(simplices))
    for i, j in ((0, 1), (1, 2), (2, 0)):
        a, b = simplices[:, i], simplices[:, j]
        crossed = (values[a] >= 0) != (values[b] >= 0)
        largest = np.maximum(largest, np.where(crossed, np.abs(points[a] - points[b]).max(axis=1), 0.0))
    return largest


def isoline(points: np.ndarray, values: np.ndarray) -> Isoline:
    """The zero line of the linear interpolant on the Delaunay triangles of ``points`` (n, 2); ``values`` (n,)."""
    simplices = Delaunay(points).simplices
    above = values >= 0
    links: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for simplex in simplices:
        crossed = [
            (min(a, b), max(a, b)) for a, b in zip(simplex, np.roll(simplex, 1), strict=True) if above[a] != above[b]
        ]
        if crossed:
            one, two = crossed
            links.setdefault(one, []).append(two)
            links.setdefault(two, []).append(one)
    chains = _chains(links)
    edges = np.array([edge for chain in chains for edge in chain], dtype=int).reshape(-1, 2)
    a, b = edges.T
    share = values[a] / np.where(values[a] == values[b], 1.0, values[a] - values[b])
    vertices = points[a] + share[:, None] * (points[b] - points[a])
    line = np.repeat(np.arange(len(chains)), [len(chain) for chain in chains])
    return Isoline(vertices, line, np.abs(points[a] - points[b]).max(axis=1) if a.size else np.zeros(0))


def _chains(links: dict[tuple[int, int], list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    """Crossed edges in order along each line: open lines from an end, closed ones back to where they began."""
    left = dict(links)
    chains = []
    for begin in sorted(links, key=lambda edge: (len(links[edge]), edge)):  # ends, with one neighbour, come first
        if begin not in left:
            continue
        chain: list[tuple[int, int]] = []
        here: tuple[int, int] | None = begin
        while here is not None:
            chain.append(here)
            following = left.pop(here)
            here = next((edge for edge in following if edge in left), None)
        if len(chain) > 2 and begin in links[chain[-1]] and len(links[begin]) == 2:
            chain.append(begin)  # closed
        chains.append(chain)
    return chains
