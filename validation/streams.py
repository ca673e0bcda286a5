"""Random streams: 32 SFC64 generators side by side, which the compiler advances with one instruction for several.

Each lane is NumPy's SFC64 (a test compares the bits), seeded by its own three words of a SeedSequence and stepped
twelve times before use, as NumPy does. Words are used in one order, lane by lane, whatever they are used for; so a
stream is fixed by its seed alone, and every run has its own: results do not depend on threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.jit import i8, kernel
from cumulode.theory.validate import integer

LANES = 32
_BLOCK = 512  # words made at a time; they, the table of the normals and that of erf fit a 32 KB cache together
_WARMING = 12
_11, _3, _24, _40, _ONE = (np.uint64(bits) for bits in (11, 3, 24, 40, 1))


class Stream(NamedTuple):
    """A stream as the kernels read and advance it; made by ``stream``.

    Attributes
    ----------
    lanes : (4, LANES) uint64
        State of the lanes; the last row is SFC64's counter, which all share.
    words : (512,) uint64
        Words made but perhaps not used yet.
    used : (1,) int64
        How many of them are used.
    """

    lanes: np.ndarray
    words: np.ndarray
    used: np.ndarray


stream_type = types.NamedTuple((types.uint64[:, ::1], types.uint64[::1], i8[::1]), Stream)


@kernel
def fill_words(lanes: np.ndarray, words: np.ndarray) -> None:
    """Advance ``lanes`` (4, LANES) and fill ``words``, whose size is a multiple of LANES."""
    first, second, third = lanes[0], lanes[1], lanes[2]
    count = first.size
    counter = lanes[3, 0]
    for start in range(0, words.size, count):
        made = words[start : start + count]
        for lane in range(count):
            a, b, c = first[lane], second[lane], third[lane]
            word = a + b + counter
            first[lane] = b ^ (b >> _11)
            second[lane] = c + (c << _3)
            third[lane] = (c << _24 | c >> _40) + word
            made[lane] = word
        counter += _ONE
    lanes[3, :] = counter


@kernel
def next_word(stream: Stream) -> int:
    """The next 64 random bits."""
    if stream.used[0] == stream.words.size:
        fill_words(stream.lanes, stream.words)
        stream.used[0] = 0
    word = stream.words[stream.used[0]]
    stream.used[0] += 1
    return word


@kernel
def uniform(stream: Stream) -> float:
    """A number in (0, 1), from the upper 52 bits; neither end is ever met."""
    return (np.int64(next_word(stream) >> np.uint64(12)) + 0.5) * 2.0**-52


def seed_sequence(name: str, seed: object) -> np.random.SeedSequence:
    """``seed``, an int >= 0 or a SeedSequence, as a SeedSequence; raise ValueError under ``name`` otherwise."""
    if isinstance(seed, np.random.SeedSequence):
        return seed
    allowed = "an int >= 0 or a numpy SeedSequence"
    return np.random.SeedSequence(integer(name, seed, allowed, low=0))


def stream(root: np.random.SeedSequence, key: Sequence[int] = ()) -> Stream:
    """Stream of the child ``key`` of ``root``, which stays as it is (``spawn`` would count its calls)."""
    child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key), pool_size=root.pool_size)
    lanes = np.empty((4, LANES), np.uint64)
    lanes[:3] = child.generate_state(3 * LANES, np.uint64).reshape(LANES, 3).T
    lanes[3] = 1
    fill_words(lanes, np.empty(_WARMING * LANES, np.uint64))
    return Stream(lanes, np.empty(_BLOCK, np.uint64), np.array([_BLOCK]))
