"""Random streams: 32 SFC64 generators side by side, which the compiler advances with one instruction for several.

Each lane is NumPy's SFC64 (a test compares the bits), seeded by its own three words of a SeedSequence and stepped
twelve times before use, as NumPy does. The lanes go on by 512 words at a time, lane by lane, for uniform numbers or
for normal ones, whichever have run out; so a stream is fixed by its seed and by what is drawn from it. Every run has
its own: results do not depend on threads.

A stream is one array of words, not a tuple of arrays: numba counts the references to each, and that took longer than
a number. The parts of the array:
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import kernel
from cumulode.theory.user_input.arguments import integer

LANES = 32
BLOCK = 512  # numbers made at a time; with the tables of the normals and of erf they fit a cache of 32 KB

COUNTER = 3 * LANES  # before it the three words of state, each of all lanes; SFC64's counter is common to all
USED = COUNTER + 1  # how many of the uniform words are used
USED_NORMALS = COUNTER + 2
WORDS = 4 * LANES  # words for uniform numbers
NORMALS = WORDS + BLOCK  # normal numbers
PLACES = NORMALS + BLOCK  # the words they are made of
DOUBTFUL = PLACES + BLOCK  # a byte for each: what is undecided
LENGTH = DOUBTFUL + BLOCK // 8

_WARMING = 12  # steps
_11, _3, _24, _40, _ONE = (np.uint64(bits) for bits in (11, 3, 24, 40, 1))

stream_type = types.uint64[::1]


@kernel
def fill_words(stream: np.ndarray, words: np.ndarray) -> None:
    """Advance the lanes and fill ``words``, whose size is a multiple of LANES."""
    first, second, third = stream[:LANES], stream[LANES : 2 * LANES], stream[2 * LANES : 3 * LANES]
    counter = stream[COUNTER]
    count = first.size  # not LANES, by which the compiler would unroll without vectorising
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
    stream[COUNTER] = counter


@kernel
def next_word(stream: np.ndarray) -> int:
    """The next 64 random bits."""
    used: Any = np.int64(stream[USED])
    if used == BLOCK:
        fill_words(stream, stream[WORDS : WORDS + BLOCK])
        used = 0
    stream[USED] = used + 1
    return stream[WORDS + used]


@kernel
def uniform(stream: np.ndarray) -> float:
    """A number in (0, 1), from the upper 52 bits; neither end is ever met."""
    return (np.int64(next_word(stream) >> np.uint64(12)) + 0.5) * 2.0**-52


def seed_sequence(name: str, seed: object) -> np.random.SeedSequence:
    """``seed``, an int >= 0 or a SeedSequence, as a SeedSequence; raise ValueError under ``name`` otherwise."""
    if isinstance(seed, np.random.SeedSequence):
        return seed
    allowed = "an int >= 0 or a numpy SeedSequence"
    return np.random.SeedSequence(integer(name, seed, ge=0, allowed=allowed))


def child(root: np.random.SeedSequence, key: Sequence[int] = ()) -> np.random.SeedSequence:
    """The child ``key`` of ``root``, which stays as it is (``spawn`` would count its calls)."""
    return np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key), pool_size=root.pool_size)


def stream(root: np.random.SeedSequence, key: Sequence[int] = ()) -> np.ndarray:
    """Stream (LENGTH,) of the child ``key`` of ``root``."""
    made = np.zeros(LENGTH, np.uint64)
    made[:COUNTER] = child(root, key).generate_state(3 * LANES, np.uint64).reshape(LANES, 3).T.ravel()
    made[COUNTER] = 1
    made[USED] = made[USED_NORMALS] = BLOCK
    fill_words(made, np.empty(_WARMING * LANES, np.uint64))
    return made
