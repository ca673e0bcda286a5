"""Where insets go: near their points, over no other inset, no marker and no leader, and off the lines of the map."""

from __future__ import annotations

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

MARGIN, GAP, STEPS = 0.015, 0.02, 33
#: Insets are made smaller, down to this part of the size asked for, before there is said to be no room.
SMALLEST, SHRINK = 0.5, 0.9


def place(points: np.ndarray, size: tuple[float, float], avoid: np.ndarray | None = None) -> np.ndarray:
    """Boxes (n, 4), left, bottom, width, height, one a point; all in fractions of the Axes.

    Parameters
    ----------
    points : (n, 2) array
        In [0, 1]; no box covers any.
    size : (width, height)
        Wanted; smaller where there is no room.
    avoid : (m, 2) array, optional
        Points of lines, which boxes rather do not cover.

    Raises
    ------
    ValueError
        Where even boxes of half the size do not fit.
    """
    avoid = np.empty((0, 2)) if avoid is None else avoid
    factor = 1.0
    while factor >= SMALLEST:
        boxes = _try(points, np.array(size) * factor, avoid)
        if boxes is not None:
            return boxes
        factor *= SHRINK
    raise InvalidArgument(
        "points", f"{len(points)} points", "fewer, or a smaller size: there is no room for all insets"
    )


def choose(value: np.ndarray, u: np.ndarray, v: np.ndarray, count: int) -> list[tuple[int, int]]:
    """``count`` cells (column, row) of ``value`` (len(v), len(u)) from small to large values, far from each other.

    ``u`` and ``v`` are the cells' places in [0, 1]. Fewer where fewer cells have a value.
    """
    rows, columns = np.nonzero(np.isfinite(value))
    count = min(count, len(rows))
    if not count:
        return []
    flat = value[rows, columns]
    place_of = np.stack([u[columns], v[rows]], axis=-1)
    bands = np.array_split(np.argsort(flat, kind="stable"), count)
    chosen: list[int] = []
    for i, band in enumerate(bands):
        band = _core(band, i, count)
        central = np.abs(place_of[band] - 0.5).max(axis=-1)
        if chosen:
            away = np.linalg.norm(place_of[band][:, None] - place_of[chosen], axis=-1).min(axis=-1)
        else:
            away = np.zeros(len(band))
        chosen.append(int(band[np.argmax(np.minimum(away, 0.5) - 0.3 * central)]))
    return [(int(columns[i]), int(rows[i])) for i in chosen]


def _core(band: np.ndarray, i: int, count: int) -> np.ndarray:
    """The half of the i-th of ``count`` bands that stands for it: the lower of the first, the upper of the last."""
    half = -(-len(band) // 2)
    if count > 1 and i in (0, count - 1):
        return band[:half] if i == 0 else band[-half:]
    first = (len(band) - half) // 2
    return band[first : first + half]


def leader(point: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The straight way (2, 2) from a point to the nearest place on its box."""
    return np.stack([point, np.clip(point, box[:2], box[:2] + box[2:])])


def _try(points: np.ndarray, size: np.ndarray, avoid: np.ndarray) -> np.ndarray | None:
    """Greedy, the points nearest to the others first; None where one finds no room."""
    steps = np.linspace(0, 1, STEPS)
    low, high = MARGIN, 1 - size - MARGIN
    if (high < low).any():
        return None
    corners = low + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * (high - low)
    crowd = np.linalg.norm(points[:, None] - points, axis=-1) + 9 * np.eye(len(points))
    boxes = np.zeros((len(points), 4))
    done: list[int] = []
    for i in np.argsort(crowd.min(axis=1), kind="stable"):
        free = corners[_free(corners, size, points, boxes[done], points[done])]
        order = np.argsort(_cost(free, size, points[i], avoid), kind="stable")
        candidates = (np.concatenate([corner, size]) for corner in free[order])
        found = (box for box in candidates if _clear_way(points[i], box, boxes[done], points[done]))
        best = next(found, None)
        if best is None:
            return None
        boxes[i] = best
        done.append(int(i))
    return boxes


def _free(corners: np.ndarray, size: np.ndarray, points: np.ndarray, boxes: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which corners give a box clear of all points, and of earlier boxes and their leaders."""
    free = ~_covered(corners, size, points).any(axis=-1)
    for box, end in zip(boxes, ends, strict=True):
        apart = (corners + size + GAP <= box[:2]) | (corners >= box[:2] + box[2:] + GAP)
        free &= apart.any(axis=-1) & ~_covered(corners, size, _along(leader(end, box))).any(axis=-1)
    return np.asarray(free)


def _clear_way(point: np.ndarray, box: np.ndarray, boxes: np.ndarray, ends: np.ndarray) -> bool:
    """Whether the leader from ``point`` to ``box`` meets no earlier box and crosses no earlier leader."""
    mine = leader(point, box)
    return not any(
        _covered(other[None, :2], other[2:], _along(mine)).any() or _cross(mine, leader(end, other))
        for other, end in zip(boxes, ends, strict=True)
    )


def _along(way: np.ndarray) -> np.ndarray:
    """25 points (25, 2) along a straight way."""
    return np.asarray(way[0] + np.linspace(0, 1, 25)[:, None] * (way[1] - way[0]))


def _covered(corners: np.ndarray, size: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(corners, points): whether the box at a corner, with a gap, covers a point."""
    inside = (points > corners[:, None] - GAP) & (points < corners[:, None] + size + GAP)
    return np.asarray(inside.all(axis=-1))


def _cost(corners: np.ndarray, size: np.ndarray, point: np.ndarray, avoid: np.ndarray) -> np.ndarray:
    """Length of the leader, and how much of the lines is covered."""
    nearest = np.clip(point, corners, corners + size)
    length = np.linalg.norm(nearest - point, axis=-1)
    lines = _covered(corners, size, avoid).mean(axis=-1) if len(avoid) else 0.0
    middle = np.linalg.norm(corners + size / 2 - point, axis=-1)
    return np.asarray(length + 0.2 * middle + 8.0 * lines)


def _cross(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two straight ways cross."""

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return side(a[0], a[1], b[0]) * side(a[0], a[1], b[1]) < 0 and side(b[0], b[1], a[0]) * side(b[0], b[1], a[1]) < 0
