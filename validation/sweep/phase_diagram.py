"""``phase_diagram``: theory, and SGD where wanted, on a grid of parameters; on disk as it goes, and resumed."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from os import cpu_count
from pathlib import Path
from typing import Any

import xarray as xr

from cumulode.numerics import SolveWarning
from cumulode.numerics.check_input import check_executor
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import flag
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either
from cumulode.validation.sgd.settings import Sgd
from cumulode.validation.sgd.settings import choose as choose_sgd

from .files import SweepWarning, check_out, continue_from, extended
from .layers import DONE, IMPOSSIBLE, PENDING
from .scheduling import blocks, run
from .settings import Settings, Values, check_axes, check_together
from .store import Store
from .table import Table
from .work import Block

_SOLVER = ("solver", Solver, ("closure",))


@renamed_arguments(dict.fromkeys(("rtol", "atol", "tolerance", "contraction"), _SOLVER))
@either(solver=("closure",), sgd=("learning_rate", "batch_size"))
def phase_diagram(
    problem: Problem,
    axes: Mapping[str, Sequence[Any]],
    seeds: int | Sequence[int] = 8,
    time: float = 150.0,
    amplitude: float = 0.1,
    closure: str = "regression",
    measures: Sequence[str] | None = None,
    simulate: bool = False,
    learning_rate: float = 0.01,
    batch_size: int = 100,
    out: str | Path | None = None,
    executor: Any = None,
    *,
    points: int = 61,
    solver: Solver | None = None,
    sgd: Sgd | None = None,
    validity: str | bool = "quick",
    fields: bool = True,
    lines: bool | str = True,
    retry_failed: bool = False,
    extend: bool = False,
    progress: Shown = False,
    command: str | None = None,
) -> xr.Dataset:
    """Map where fields localise: solve the theory from several starts at every point of a grid; and SGD, if wanted.

    Parameters
    ----------
    problem : Problem
        What is not varied.
    axes : dict from names to 1-d sequences of distinct values
        gain (both classes), gain_plus, gain_minus, xi_plus, xi_minus, t_plus, t_minus, J_plus, J_minus, covariance,
        bias, prior, size (side L of a torus), activation; closure, start_amplitude, learning_rate, batch_size. One or
        more.
    seeds : int >= 1, or distinct ints >= 0
        Number of starts (seeds 0, 1, ...), or their seeds: ``amplitude * default_rng(seed).standard_normal(D) /
        sqrt(D)``. SGD's samples have the same seed at every point (common random numbers).
    time : float > 0
        Last time, learning rate x steps; ``points`` times from 0 are recorded.
    amplitude : float > 0
        Norm of the starts, about.
    closure : str
        See :class:`cumulode.Solver`.
    measures : sequence of names, optional
        ipr, ipr_times_D, norm, amplitude, width, wavelength, time_to_localise, pattern, field_count, potential,
        kurtosis_plus, kurtosis_minus; all by default. Each variable of the dataset states its units and rule.
    simulate : bool
        Run SGD with ``learning_rate`` > 0 and ``batch_size`` >= 1, too: variables ``sgd_...``. Where two points of the
        axes learning_rate and batch_size have an equal ratio, their runs of a seed share their samples and are no
        independent evidence: a ``SweepWarning`` says so.
    out : path ending in .nc, optional
        Where the dataset goes as it grows (netCDF 3, SciPy's engine). A file that is there already is continued: what
        it has is not computed again, so axes and seeds may be extended, and a killed sweep resumed. While a sweep
        runs, :func:`open_phase` reads all finished blocks, any netCDF reader those gathered so far.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where blocks of points are computed; by default a thread a core.
    solver : Solver, optional
        Closure, steps and error of K in place of ``closure``.
    sgd : Sgd, optional
        Learning rate and batch size in place of ``learning_rate`` and ``batch_size``.
    validity : {"quick", "full", "off"}
        Where the closure can be trusted (theory.md section 3): rho and mu; with delta by a second flow; or not at all.
    fields : bool
        Keep the final weights.
    lines : bool or "frozen"
        Along the first continuous axis, find the critical values where w = 0, and where the uniform or periodic
        state, loses stability, by root finding; where there is an exact flow, those of the population, too. "frozen":
        the population's everywhere, on frozen samples where there is no exact flow (half a minute a value).
    retry_failed : bool
        Repeat the points that failed in an earlier run.
    extend : bool
        Where ``out`` is there already, take its values of the axes and its seeds, too (numbers in rising order), so
        that only what is new need be given: axes that gain nothing may be left out.
    progress : bool or callable
        Show progress on standard error, or call this with the fraction done.
    command : str, optional
        What made it, for the file; the call by default.

    Returns
    -------
    xarray.Dataset
        Dimensions: the axes as given, seed, site. Theory's variables lack learning_rate and batch_size, SGD's
        (``sgd_``) lack closure. ``status`` and ``reason`` say what failed, and why; a failed point is no error. Ctrl-C
        returns what exists, the rest pending.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed; for ``out`` also what it differs in from a file that is
        there.
    """
    settings = Settings(
        problem=problem,
        seeds=seeds,  # type: ignore[arg-type]
        time=time,
        amplitude=amplitude,
        solver=choose(solver, FLOW, closure=closure),
        sgd=choose_sgd(sgd, learning_rate=learning_rate, batch_size=batch_size),
        points=points,
        measures=measures,  # type: ignore[arg-type]
        simulate=simulate,
        fields=fields,
        validity=validity,  # type: ignore[arg-type]
        lines=lines,
    )
    retry_failed, extend = flag("retry_failed", retry_failed), flag("extend", extend)
    path = check_out(out)
    none = extend and isinstance(axes, Mapping) and not axes  # those of the file
    checked: dict[str, Values] = {} if none else check_axes(axes, settings)
    if extend and path is not None and path.exists():
        settings, checked = extended(settings, checked, path)
    if not checked:
        check_axes(axes, settings)  # says what is missing
    check_together(settings, checked)
    how: dict[str, Any] = {"retry_failed": retry_failed, "command": command, "executor": executor, "progress": progress}
    table, attrs = sweep(settings, checked, path, **how)
    return table.dataset(attrs)


def sweep(
    settings: Settings,
    axes: dict[str, Values],
    path: Path | None = None,
    *,
    retry_failed: bool = False,
    command: str | None = None,
    executor: Any = None,
    progress: Shown = False,
) -> tuple[Table, dict[str, Any]]:
    """All points of a grid, in memory or in the file that they continue; and the attributes of the dataset."""
    executor = check_executor(executor)
    check_progress(progress)
    table = Table(settings, axes)
    attrs = table.attributes(command or _call(settings, axes))
    with contextlib.ExitStack() as stack:
        store = None
        if path is not None:
            store = Store(path, table.identity)
            stack.enter_context(store.held())
            continue_from(table, path, attrs)
            store.gather(table.dataset(attrs))
        pool = executor or stack.enter_context(ThreadPoolExecutor(cpu_count() or 1))
        _fill(table, retry_failed, pool, store, attrs, progress)
    _warn(table)
    return table, attrs


def _call(settings: Settings, axes: Mapping[str, Values]) -> str:
    """The call in words, where no command made the sweep."""
    shown = ", ".join(f"{name}: {len(values)} values" for name, values in axes.items())
    return f"cumulode.phase_diagram({settings.problem!r}, {{{shown}}}, ...)"


def _fill(
    table: Table, retry_failed: bool, executor: Any, store: Store | None, attrs: dict[str, Any], progress: Shown
) -> None:
    """Do all tasks, or those that were done when Ctrl-C was heard."""
    tasks = table.tasks(retry_failed)
    total = sum(table.status(layer).size for layer in table.layers)
    todo = sum(max(1, len(task.seeds)) for task in tasks)
    with Progress(total, "phase", progress if todo else False, unit=_units(table), done=total - todo) as shown:

        def take(block: Block) -> None:
            if store is not None and block:
                store.add(block)
            for task, row in block:
                table.put(task, row)
                shown.update(max(1, len(task.seeds)))
            if store is not None and store.due():
                store.gather(table.dataset(attrs))

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SolveWarning)  # recorded, seed by seed
                run(executor, blocks(tasks, executor), table, take)
        finally:
            if store is not None:
                store.gather(table.dataset(attrs))


def _units(table: Table) -> str:
    """What there is to do, in the plural."""
    return "runs and critical lines" if any(layer.name == "lines" for layer in table.layers) else "runs"


def _warn(table: Table) -> None:
    """Warn of what failed or is missing."""
    pending = sum(int((table.status(layer) == PENDING).sum()) for layer in table.layers)
    words = [f"interrupted, {pending} {_units(table)} pending: repeat the call to go on from there"] if pending else []
    for layer in table.layers:
        status = table.status(layer)
        failed = int(((status != PENDING) & (status != DONE)).sum())
        if failed:
            reasons = [r for r in table.arrays[f"{layer.prefix}reason"].ravel() if r]
            impossible = int((status == IMPOSSIBLE).sum())
            kind = f" ({impossible} of them at points that do not exist)" if impossible else ""
            words.append(f"{failed} of {status.size} runs of {layer.name} failed{kind}: {' '.join(reasons[:1])}")
    words += _shared(table.axes) if table.settings.simulate else []
    if words:
        warnings.warn("; ".join(words), SweepWarning, stacklevel=4)


def _shared(axes: Mapping[str, Values]) -> list[str]:
    """Say which points of SGD are no evidence beside one another: of equal learning rate over batch size."""
    seen: dict[float, tuple[Any, Any]] = {}
    for rate, batch in product(axes.get("learning_rate", ()), axes.get("batch_size", ())):
        s = float(f"{rate / batch:.12g}")
        if s in seen:
            other = "{:g} and batch {:g}".format(*seen[s])
            which = f"SGD at learning rate {rate:g} and batch {batch:g} and at {other}"
            return [f"{which} (equal ratio) draws the same samples for equal seeds: no independent evidence"]
        seen[s] = rate, batch
    return []
