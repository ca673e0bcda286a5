"""From seeds to the numbers of a map: one value a cell, why a cell has none, and where the closure can be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, choice

from .planes import Plane, Scale, picked
from .words import SGD, is_sgd

if TYPE_CHECKING:
    import xarray as xr

#: Why a cell has no number.
DONE, PENDING, FAILED, NONE, INFINITE = range(5)
REDUCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "median": np.nanmedian,
    "mean": np.nanmean,
    "min": np.nanmin,
    "max": np.nanmax,
}


@dataclass(frozen=True)
class Cells:
    """A map's numbers, (len(y), len(x)) in sorted order: ``value`` (NaN where none), ``state``, and two of bool.

    ``partial``: the value is of fewer seeds than the Dataset has; ``tied``: as many seeds are of another class.
    """

    value: np.ndarray
    state: np.ndarray
    partial: np.ndarray
    tied: np.ndarray


def check_over(ds: xr.Dataset, over: Any) -> None:
    """Raise ValueError unless ``over`` is a reduction, or one of the seeds."""
    if isinstance(over, str):
        choice("over", over, REDUCTIONS)
    elif over not in ds["seed"].values.tolist():
        raise InvalidArgument("over", over, f"{', '.join(REDUCTIONS)}, or a seed: {ds['seed'].values.tolist()}")


def flags_of(ds: xr.Dataset, variable: str) -> dict[int, str] | None:
    """Names of a class variable's values, those below 0 (unknown) last; None for a quantity."""
    attrs = ds[variable].attrs
    if "flag_values" not in attrs:
        return None
    names = str(attrs.get("flag_meanings", "")).split()
    pairs = zip(np.atleast_1d(attrs["flag_values"]).astype(int).tolist(), names, strict=False)
    return dict(sorted(((v, n.replace("_", " ")) for v, n in pairs), key=lambda p: (p[0] < 0, p[0])))


def by_seed(ds: xr.Dataset, variable: str, keep: tuple[str, ...], select: Mapping[str, Any]) -> np.ndarray:
    """A variable as (..., seed), axes in the order of ``keep``; one seed where it has none.

    A run that never localised took longer than any: infinity, so that medians over seeds stay true.
    """
    found = picked(ds, variable, keep, select)
    if "seed" not in found.dims:
        found = found.expand_dims("seed", -1)
    values = found.transpose(*keep, "seed").values.astype(float)
    if variable.removeprefix(SGD) == "time_to_localise":
        status = status_by_seed(ds, variable, keep, select)
        values = np.where(np.isnan(values) & (status == 0), np.inf, values)
    return values


def status_by_seed(ds: xr.Dataset, variable: str, keep: tuple[str, ...], select: Mapping[str, Any]) -> np.ndarray:
    """Status (..., seed) of the runs behind a variable: -1 pending, 0 done, above failed; 0 where the file has none."""
    name = f"{SGD if is_sgd(variable) else ''}status"
    if name not in ds or not set(keep) <= set(ds[name].dims):
        return np.zeros((*(ds.sizes[k] for k in keep), 1))
    found = picked(ds, name, keep, select)
    if "seed" not in found.dims:
        found = found.expand_dims("seed", -1)
    return np.asarray(found.transpose(*keep, "seed").values)


def reduce_seeds(ds: xr.Dataset, variable: str, values: np.ndarray, over: str | int) -> np.ndarray:
    """(..., seed) to (...): NaN where no seed has a value."""
    if values.shape[-1] == 1:
        return values[..., 0]
    if not isinstance(over, str):
        return values[..., ds["seed"].values.tolist().index(over)]
    if flags_of(ds, variable) is not None:
        return _most_frequent(values)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a cell without values is NaN, as it should be
        return np.asarray(REDUCTIONS[over](values, axis=-1))


def _most_frequent(values: np.ndarray) -> np.ndarray:
    """The value, not below 0, that most seeds have, of equals the smallest; -1 where none has one."""
    classes, counts = _counts(values)
    return np.where(counts.max(axis=-1) > 0, classes[np.argmax(counts, axis=-1)], -1.0)


def _counts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes there are, and how many seeds have each (..., classes)."""
    classes = np.unique(values[values >= 0])
    classes = classes if classes.size else np.zeros(1)
    return classes, np.stack([(values == c).sum(axis=-1) for c in classes], axis=-1)


def _tied(values: np.ndarray) -> np.ndarray:
    """Whether two classes are the most frequent."""
    counts = _counts(values)[1]
    most = counts.max(axis=-1, keepdims=True)
    return np.asarray((most[..., 0] > 0) & ((counts == most).sum(axis=-1) > 1))


def cells(ds: xr.Dataset, variable: str, plane: Plane) -> Cells:
    """The numbers of a map of ``variable`` over ``plane``."""
    keep = (plane.y.name, plane.x.name)
    values = sort(by_seed(ds, variable, keep, plane.select), plane.x, plane.y)
    status = sort(status_by_seed(ds, variable, keep, plane.select), plane.x, plane.y)
    if not isinstance(plane.over, str) and status.shape[-1] > 1:
        index = ds["seed"].values.tolist().index(plane.over)
        status = status[..., index : index + 1]
    value = reduce_seeds(ds, variable, values, plane.over)
    tied = np.zeros(value.shape, bool)
    if flags_of(ds, variable) is not None and isinstance(plane.over, str):
        tied = _tied(values)
    if flags_of(ds, variable) is not None:
        value = np.where(value < 0, np.nan, value)
    state = np.where(np.isinf(value), INFINITE, np.where(np.isnan(value), NONE, DONE))
    empty, done = state == NONE, (status == 0).any(axis=-1)
    state = np.where(empty & ~done, np.where((status < 0).any(axis=-1), PENDING, FAILED), state)
    partial = (state == DONE) & (status != 0).any(axis=-1) & ("seed" in ds[variable].dims)
    return Cells(np.where(state == DONE, value, np.nan), state, partial, tied)


def sort(values: np.ndarray, x: Scale, y: Scale) -> np.ndarray:
    """(y, x, ...) in the order of the Dataset to increasing order."""
    return np.asarray(values[y.order][:, x.order])


def distrust(ds: xr.Dataset, plane: Plane) -> tuple[np.ndarray, np.ndarray] | None:
    """Share of the seeds, of those judged, whose run is not trusted (NaN where none was judged), and what is unjudged.

    (len(y), len(x)) each; None where the file has no judgement, and for SGD and linear theory, which need none.
    """
    if is_sgd(plane.variable) or "seed" not in ds[plane.variable].dims:
        return None  # nothing of this depends on the closure
    if "trusted" not in ds or not set(ds["trusted"].dims) >= {plane.x.name, plane.y.name}:
        return None
    keep = (plane.y.name, plane.x.name)
    found = picked(ds, "trusted", keep, plane.select)
    found = found if "seed" in found.dims else found.expand_dims("seed", -1)
    judged = sort(found.transpose(*keep, "seed").values.astype(int), plane.x, plane.y)
    if not (judged >= 0).any():
        return None
    if not isinstance(plane.over, str) and judged.shape[-1] > 1:
        index = ds["seed"].values.tolist().index(plane.over)
        judged = judged[..., index : index + 1]
    status = status_by_seed(ds, plane.variable, keep, plane.select)
    done = sort((status == 0).any(axis=-1), plane.x, plane.y)
    number = (judged >= 0).sum(axis=-1)
    share = np.where(number > 0, (judged == 0).sum(axis=-1) / np.maximum(number, 1), np.nan)
    return share, done & (number == 0)


def standard_error(values: np.ndarray, over: str) -> np.ndarray:
    """Standard error over seeds (..., seed) -> (...): of the mean s / sqrt n; of the median by 500 resamples (seed 0).

    NaN where fewer than two seeds have a value.
    """
    good = np.isfinite(values)
    n = good.sum(axis=-1)
    error = np.full(n.shape, np.nan)
    rng = np.random.default_rng(0)
    for at in np.ndindex(n.shape):
        if n[at] < 2:
            continue
        x = values[at][good[at]]
        if over == "mean":
            error[at] = x.std(ddof=1) / np.sqrt(x.size)
        else:
            error[at] = np.median(rng.choice(x, (500, x.size)), axis=-1).std(ddof=1)
    return error
