"""From seeds to the numbers of a map: one value a cell, why a cell has none, and where the closure can be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from cumulode.theory.user_input.arguments import InvalidArgument, choice
from cumulode.validation.plots.words import SGD

#: Why a cell has no number.
DONE, PENDING, FAILED, NONE, INFINITE = range(5)
REDUCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "median": np.nanmedian,
    "mean": np.nanmean,
    "min": np.nanmin,
    "max": np.nanmax,
}


class Cells(NamedTuple):
    """A map's numbers, (len(y), len(x)): ``value`` (NaN where none), ``state``, and two of bool.

    ``partial``: the value is of fewer seeds than the Dataset has; ``tied``: as many seeds are of another class.
    """

    value: np.ndarray
    state: np.ndarray
    partial: np.ndarray
    tied: np.ndarray


def check_over(ds: xr.Dataset, over: Any) -> None:
    """Raise InvalidArgument unless ``over`` is a reduction, or one of the seeds."""
    if isinstance(over, str):
        choice("over", over, REDUCTIONS)
    elif over not in ds["seed"].values.tolist():
        raise InvalidArgument("over", over, f"{', '.join(REDUCTIONS)}, or a seed: {ds['seed'].values.tolist()}")


def flags_of(ds: xr.Dataset, variable: str) -> dict[int, str] | None:
    """Names of a class variable's values, those below 0 (unknown) last; None for a quantity."""
    attrs = ds[variable].attrs
    if "flag_values" not in attrs:
        return None
    names = [name.replace("_", " ") for name in str(attrs.get("flag_meanings", "")).split()]
    pairs = zip(np.atleast_1d(attrs["flag_values"]).astype(int).tolist(), names, strict=False)
    return dict(sorted(pairs, key=lambda p: (p[0] < 0, p[0])))


def by_seed(ds: xr.Dataset, variable: str, dims: tuple[str, ...]) -> np.ndarray:
    """A variable as (*dims, seed); one seed where it has none.

    A run that never localised took longer than any: infinity, so that medians over seeds stay true.
    """
    data = ds[variable] if "seed" in ds[variable].dims else ds[variable].expand_dims("seed")
    values = data.transpose(*dims, "seed").values.astype(float)
    if variable.removeprefix(SGD) == "time_to_localise":
        values = np.where(np.isnan(values) & (status_by_seed(ds, variable, dims) == 0), np.inf, values)
    return values


def status_by_seed(ds: xr.Dataset, variable: str, dims: tuple[str, ...]) -> np.ndarray:
    """Status (*dims, seed) of the runs behind a variable: -1 pending, 0 done, above failed; 0 where none is kept."""
    name = f"{SGD if variable.startswith(SGD) else ''}status"
    if name not in ds or not set(dims) <= set(ds[name].dims):
        return np.zeros((*(ds.sizes[d] for d in dims), 1))
    return by_seed(ds, name, dims)


def _of(ds: xr.Dataset, values: np.ndarray, over: str | int) -> np.ndarray:
    """The one seed ``over``, (..., 1), or all where it is a reduction."""
    if isinstance(over, str) or values.shape[-1] == 1:
        return values
    index = ds["seed"].values.tolist().index(over)
    return values[..., index : index + 1]


def reduce_seeds(values: np.ndarray, over: str | int, classes: bool = False) -> np.ndarray:
    """(..., seed) to (...): NaN where no seed has a value; of classes the most frequent, of equals the smallest."""
    if values.shape[-1] == 1:
        return values[..., 0]
    if classes:
        known, counts = _counts(values)
        return np.where(counts.max(axis=-1) > 0, known[np.argmax(counts, axis=-1)], np.nan)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a cell without values is NaN, as it should be
        return np.asarray(REDUCTIONS[str(over)](values, axis=-1))


def _counts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes there are, and how many seeds have each (..., classes)."""
    known = np.unique(np.append(values[values >= 0], 0.0))
    return known, np.stack([(values == c).sum(axis=-1) for c in known], axis=-1)


def cells(ds: xr.Dataset, variable: str, dims: tuple[str, ...], over: str | int) -> Cells:
    """The numbers of a map of ``variable`` over ``dims``, (y, x)."""
    values = _of(ds, by_seed(ds, variable, dims), over)
    status = _of(ds, status_by_seed(ds, variable, dims), over)
    classes = flags_of(ds, variable) is not None
    value = reduce_seeds(values, over, classes)
    tied = np.zeros(value.shape, bool)
    if classes:
        value = np.where(value < 0, np.nan, value)
        counts = np.sort(_counts(values)[1], axis=-1)
        tied = (counts[..., -1] > 0) & (counts[..., -2:-1] == counts[..., -1:]).any(axis=-1)
    state = np.where(np.isinf(value), INFINITE, np.where(np.isnan(value), NONE, DONE))
    empty = (state == NONE) & ~(status == 0).any(axis=-1)
    state = np.where(empty, np.where((status < 0).any(axis=-1), PENDING, FAILED), state)
    partial = (state == DONE) & (status != 0).any(axis=-1) & ("seed" in ds[variable].dims)
    return Cells(np.where(state == DONE, value, np.nan), state, partial, tied)


def distrust(ds: xr.Dataset, variable: str, dims: tuple[str, ...], over: str | int) -> tuple[np.ndarray, np.ndarray]:
    """Share of the seeds, of those judged, whose run is not trusted (NaN where none was judged), and what is unjudged.

    Of shape ``dims``; nothing where the file has no judgement, and for SGD and linear theory, which need none.
    """
    needed = not variable.startswith(SGD) and "seed" in ds[variable].dims  # else nothing depends on the closure
    there = needed and "trusted" in ds and set(ds["trusted"].dims) >= set(dims)
    judged = by_seed(ds, "trusted", dims) if there else np.full((*(ds.sizes[d] for d in dims), 1), -1.0)
    if not (judged >= 0).any():
        return np.full(judged.shape[:-1], np.nan), np.zeros(judged.shape[:-1], bool)  # the diagnostic was not run
    judged = _of(ds, judged, over)
    number = (judged >= 0).sum(axis=-1)
    share = np.where(number > 0, (judged == 0).sum(axis=-1) / np.maximum(number, 1), np.nan)
    return share, (status_by_seed(ds, variable, dims) == 0).any(axis=-1) & (number == 0)


def standard_error(values: np.ndarray, over: str) -> np.ndarray:
    """Standard error over seeds (..., seed) -> (...): of the mean s / sqrt n; of the median by 500 resamples (seed 0).

    NaN where fewer than two seeds have a value.
    """
    error = np.full(values.shape[:-1], np.nan)
    rng = np.random.default_rng(0)
    for at in np.ndindex(error.shape):
        x = values[at][np.isfinite(values[at])]
        if x.size > 1 and over == "mean":
            error[at] = x.std(ddof=1) / np.sqrt(x.size)
        elif x.size > 1:
            error[at] = np.median(rng.choice(x, (500, x.size)), axis=-1).std(ddof=1)
    return error
