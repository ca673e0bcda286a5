"""Normal numbers by Marsaglia and Tsang's ziggurat (J. Stat. Soft. 5(8), 2000), many at a time.

The right half of ``exp(-x^2/2)`` is covered by 512 strips of equal area. A word chooses a strip (9 bits) and a place
in it (51 bits and a sign); 99.3 % of the places lie under the curve for certain. The others are noted, without a
branch, and decided afterwards from uniform numbers of the stream: the law is exact but for the bits of a place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cumulode.numerics.compile.jit import kernel

from .streams import BLOCK, DOUBTFUL, LENGTH, NORMALS, PLACES, USED_NORMALS, fill_words, next_word, uniform

STRIPS = 512
#: Where the tail begins; with this value the strips close at x = 0 (a test computes it anew).
TAIL = 3.852046150368391
_STRIP, _NEXT = np.uint64(STRIPS - 1), np.uint64(1)
_SIGN_AND_PLACE = np.int64(12)


def edges(tail: float, strips: int) -> np.ndarray:
    """Right edges of the strips (strips + 1,), the widest first; ``[1]`` is ``tail``, the last is 0.

    The first strip holds the tail beyond ``tail`` too, as if it were a rectangle of that area.
    """
    height = math.exp(-0.5 * tail * tail)
    area = tail * height + math.sqrt(0.5 * math.pi) * math.erfc(tail / math.sqrt(2.0))
    x = np.zeros(strips + 1)
    x[0], x[1] = area / height, tail
    for k in range(2, strips):
        height += area / x[k - 1]
        x[k] = math.sqrt(-2.0 * math.log(height))
    return x


_EDGES = edges(TAIL, STRIPS)
_DENSITY = np.exp(-0.5 * _EDGES**2)


@kernel
def _place(word: int) -> float:
    """A place in its strip: the bits of ``word`` above the lowest 12, as a number in (-1, 1)."""
    return ((np.int64(word) >> _SIGN_AND_PLACE) + 0.5) * 2.0**-51


@kernel
def propose(words: np.ndarray, x: np.ndarray, doubtful: np.ndarray) -> None:
    """Fill ``x`` (n,) from n words, and ``doubtful`` (n,) with which are not certain; no branch, so vectorised."""
    for i in range(x.size):
        strip = words[i] & _STRIP
        v = _place(words[i]) * _EDGES[strip]
        x[i] = v
        doubtful[i] = abs(v) >= _EDGES[strip + _NEXT]


@kernel
def _decide(strip: int, v: float, stream: np.ndarray) -> float:
    """A normal number, begun with ``v`` in ``strip`` where it may lie above the curve."""
    while abs(v) >= _EDGES[strip + 1]:
        if strip == 0:
            return math.copysign(_tail(stream), v)
        height = _DENSITY[strip] + uniform(stream) * (_DENSITY[strip + 1] - _DENSITY[strip])
        if height < math.exp(-0.5 * v * v):
            break
        word = next_word(stream)
        strip = np.int64(word & _STRIP)  # type: ignore[assignment]
        v = _place(word) * _EDGES[strip]
    return v


@kernel
def _tail(stream: np.ndarray) -> float:
    """A normal number given that it exceeds ``TAIL`` (Marsaglia 1964)."""
    while True:
        beyond = -math.log(uniform(stream)) / TAIL
        if -2.0 * math.log(uniform(stream)) > beyond * beyond:
            return TAIL + beyond


@kernel
def _more(stream: np.ndarray) -> None:
    """Make the stream's next block of normal numbers."""
    places, normals = stream[PLACES : PLACES + BLOCK], stream[NORMALS : NORMALS + BLOCK].view(np.float64)
    eights = stream[DOUBTFUL:LENGTH]
    doubtful = eights.view(np.bool_)
    fill_words(stream, places)
    propose(places, normals, doubtful)
    for k in range(eights.size):
        if eights[k] != 0:
            for i in range(8 * k, 8 * k + 8):
                if doubtful[i]:
                    normals[i] = _decide(np.int64(places[i] & _STRIP), normals[i], stream)
    stream[USED_NORMALS] = 0


@kernel
def fill_normals(stream: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (n,) with independent normal numbers, the next of the stream."""
    normals = stream[NORMALS : NORMALS + BLOCK].view(np.float64)
    done = 0
    while done < x.size:
        used: Any = np.int64(stream[USED_NORMALS])
        if used == BLOCK:
            _more(stream)
            used = 0
        count = min(x.size - done, BLOCK - used)
        target, source = x[done : done + count], normals[used : used + count]
        for i in range(count):
            target[i] = source[i]
        stream[USED_NORMALS] = used + count
        done += count
