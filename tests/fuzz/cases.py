"""Batches of cases: each is fixed by a seed and its place, whatever the others do."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from . import calls, commands, files, guard

#: Cases of one seed: so many calls and as many command lines.
BATCH = 100


def _mixed(table: dict[str, st.SearchStrategy[Any]], costly: dict[str, int]) -> st.SearchStrategy[Any]:
    """Each equally often, but for those that take long."""
    names = [name for name in table for _ in range(max(1, 8 // costly.get(name, 1)))]
    return st.sampled_from(names).flatmap(lambda name: table[name])


@contextlib.contextmanager
def _no_constants_of_modules() -> Iterator[None]:
    """Hypothesis draws constants that stand in the modules loaded: a case would depend on those before it."""
    if not hasattr(providers, "_get_local_constants"):
        yield
        return
    cache = type(providers.CONSTANTS_CACHE)(1024)
    none = providers.Constants()
    with (
        mock.patch.object(providers, "CONSTANTS_CACHE", cache),
        mock.patch.object(providers, "_get_local_constants", return_value=none),
    ):
        yield


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder with the files that cases read, as the working directory."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        files.write(Path(name))
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def batch(kind: str, number: int, each: Callable[[int, Any], None]) -> None:
    """Call ``each`` with the place and the case, for all cases of a kind, "call" or "command", of a seed."""
    table = calls.strategies(Path(".")) if kind == "call" else commands.strategies(Path("."))
    strategy = _mixed(table, calls.COSTLY if kind == "call" else commands.COSTLY)
    place = iter(range(10**9))

    @seed(number)
    @settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def go(case: Any) -> None:
        each(next(place), case)

    with _no_constants_of_modules():
        go()


def wrong(case: Any) -> str:
    """What is wrong with a case."""
    return guard.call(case) if isinstance(case, calls.Call) else case.wrong()
