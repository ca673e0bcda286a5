"""C w on a ring or a torus: a convolution over those sites that C reaches, to the last digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.jit import kernel

from .convolve import FOUR, convolve

#: Entries of C that together are below this fraction of C_00 change no digit of C w.
NEGLIGIBLE = 1e-17
#: Sites convolved at a time, so that they stay in the cache.
BLOCK = 2048


@dataclass(frozen=True, eq=False)
class Second:
    """One law's C on one shape, as ``correlate`` wants it.

    ``taps`` (n_y, n_x): C at ``dy = 0 .. n_y - 1`` (0 alone on a ring) and ``dx = -left ..``, every site once, padded
    with zeros to a multiple of four. C is even, so that what lies at -dy follows.
    """

    taps: np.ndarray
    left: int


def second_taps(second: np.ndarray, shape: tuple[int, ...]) -> Second:
    """``second`` (D,): the covariance of site 0 with every site of a ring (D,) or a torus (L, L)."""
    rows = second.reshape((1, *shape)[-2:])
    lines, half = rows.shape[0], rows.shape[1] // 2
    centred = np.roll(rows, half, axis=1)
    reach = _reach(np.abs(centred).max(axis=0), half)
    n_y = _reach(np.abs(np.roll(rows, lines // 2, axis=0)).max(axis=1), lines // 2) + 1
    kept = centred[:n_y, half - min(half, reach) : half + reach + 1]
    return Second(np.ascontiguousarray(np.pad(kept, [(0, 0), (0, -kept.shape[1] % FOUR)])), min(half, reach))


def _reach(size: np.ndarray, centre: int) -> int:
    """How far from ``centre`` entries are not negligible."""
    far = np.abs(np.arange(size.size) - centre)
    above = far[size > NEGLIGIBLE * size.max() / size.size]
    return int(above.max(initial=0))


def padded(shape: tuple[int, ...], second: Second) -> np.ndarray:
    """Fresh scratch for ``correlate``: every line with its periodic continuation."""
    lines, length = (1, *shape)[-2:]
    return np.zeros((lines, length + 2 * (second.taps.shape[1] + FOUR)))


@kernel
def correlate(w, out, taps, left, pad):  # type: ignore[no-untyped-def]
    """Set ``out`` (D,) to C w; ``taps``, ``left`` and the scratch ``pad`` are those of the law and the shape."""
    lines, n_x = pad.shape[0], taps.shape[1]
    length, halo = w.size // lines, taps.shape[1] + FOUR
    out[: w.size] = 0.0
    for y in range(lines):
        for i in range(length):
            pad[y, halo + i] = w[y * length + i]
        for i in range(halo):  # a halo may go around more than once
            pad[y, halo + length + i] = w[y * length + i % length]
            pad[y, halo - 1 - i] = w[y * length + (length - 1 - i % length)]
    for dy in range(taps.shape[0]):
        for y in range(lines):
            ahead, behind = (y + dy) % lines, (y - dy) % lines
            for first in range(0, length, BLOCK):
                last = min(length, first + BLOCK)
                part = out[y * length + first : y * length + last]
                convolve(part, pad[ahead], halo - left + first, taps[dy], n_x, 1)
                if dy > 0 and 2 * dy < lines:
                    convolve(part, pad[behind], halo + left + first, taps[dy], n_x, -1)
