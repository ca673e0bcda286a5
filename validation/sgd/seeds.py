"""Seeds of runs: ``seed`` of one, ``seeds`` of many; the one place where both are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer
from cumulode.validation.sampling.streams import seed_sequence

Seed = int | np.random.SeedSequence
Seeds = int | Sequence[int | np.random.SeedSequence]


class RunSeeds(NamedTuple):
    """The root of random numbers of every run, whether ``seeds`` were given, and what was given, in plain values."""

    roots: list[np.random.SeedSequence]
    many: bool
    plain: Any


#: More runs at once are a slip.
MOST_RUNS = 10**6


def is_sequence(seeds: object) -> bool:
    """Whether several seeds are given one by one."""
    if hasattr(seeds, "__array__"):  # NumPy's, pandas' and xarray's arrays
        return np.ndim(seeds) > 0  # type: ignore[arg-type]
    return isinstance(seeds, Sequence) and not isinstance(seeds, (str, bytes))


def _one_by_one(seeds: Any) -> list[Any]:
    return list(np.asarray(seeds).tolist()) if hasattr(seeds, "__array__") else list(seeds)


def check_seeds(seed: Any, seeds: Any, starts: int | None) -> RunSeeds:
    """A root for each of ``seeds`` where they are given, else the one of ``seed``.

    ``starts``: the number of starts, which ``seeds`` must match; None: one start for all.
    """
    if seeds is None:
        root = seed_sequence("seed", seed)
        return RunSeeds([root], False, plain_seed(seed))
    if isinstance(seed, np.random.SeedSequence) or integer("seed", seed, ge=0) != 0:
        raise InvalidArgument("seeds", Described(f"seeds={seeds!r} and seed={seed!r}"), "one of seeds and seed")
    many = "at least one" if starts is None else f"{starts} (one for each start)"
    allowed = f"a number n of seeds (0 .. n - 1) up to {MOST_RUNS}, or a sequence of {many} ints >= 0 or SeedSequences"
    given = is_sequence(seeds)
    chosen = _one_by_one(seeds) if given else range(integer("seeds", seeds, ge=1, le=MOST_RUNS, allowed=allowed))
    if not chosen or starts not in (None, len(chosen)):
        raise InvalidArgument("seeds", seeds, allowed)
    return RunSeeds([seed_sequence("seeds", s) for s in chosen], True, [plain_seed(s) for s in chosen])


def seed_numbers(seeds: Any, least: int = 1, le: int | None = None) -> tuple[int, ...]:
    """A number n >= ``least`` of seeds (0 .. n - 1), or so many distinct ones, each at most ``le``."""
    several = f"at least {least} distinct integers" if least > 1 else "distinct integers"
    largest = ">= 0" if le is None else f"from 0 to {le}"
    allowed = f"an integer from {least} to {MOST_RUNS}, or {several} {largest}"
    count = None if is_sequence(seeds) else integer("seeds", seeds, ge=least, le=MOST_RUNS, allowed=allowed)
    given = _one_by_one(seeds) if count is None else range(count)
    chosen = tuple(integer("seeds", seed, ge=0, le=le, allowed=allowed) for seed in given)
    if len(chosen) < least or len(set(chosen)) < len(chosen):
        raise InvalidArgument("seeds", seeds, allowed)
    return chosen


def plain_seed(seed: Any) -> Any:
    """A seed as plain values, for provenance and JSON."""
    if isinstance(seed, np.random.SeedSequence):
        entropy = list(map(int, seed.entropy)) if isinstance(seed.entropy, (Sequence, np.ndarray)) else seed.entropy
        return {"entropy": entropy, "spawn_key": list(map(int, seed.spawn_key))}
    return int(seed)
