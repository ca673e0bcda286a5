"""The zero line of a function known at scattered points of a square: crossed triangles, brackets, polylines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import Delaunay


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
