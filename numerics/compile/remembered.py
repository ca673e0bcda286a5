"""A cache bounded by the memory that its values hold: set-ups take from a kilobyte to some hundred megabytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """``function`` with its latest values kept, as long as together they hold at most ``most`` bytes.

    ``bytes_of`` tells what one holds. Safe in threads; two that ask for the same at once may both compute it.
    """

    def __init__(self, function: Callable[..., Value], most: int, bytes_of: Callable[[Value], int]) -> None:
        self._function, self._most, self._bytes_of = function, most, bytes_of
        self._kept: OrderedDict[tuple[Hashable, ...], Value] = OrderedDict()
        self._lock = threading.Lock()
        self.held = 0

    def __call__(self, *key: Hashable) -> Value:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = self._function(*key)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value
                self.held += self._bytes_of(value)
            while self.held > self._most and len(self._kept) > 1:
                self.held -= self._bytes_of(self._kept.popitem(last=False)[1])
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.held = 0
