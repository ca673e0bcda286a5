"""What goes wrong with files: a disk that is full, a bit that is turned."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def full_disk(room: int = 64) -> Iterator[None]:
    """No file can grow beyond ``room`` bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def flipped(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """``data`` with one bit turned, ``count`` times."""
    random_bits = random.Random(seed)
    for _ in range(count):
        at = random_bits.randrange(8 * len(data))
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        yield bytes(changed)
