"""``phase_diagram``: theory, and SGD where asked for, on a grid of parameters; on disk as it goes, and resumed."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from os import cpu_count
from pathlib import Path
from typing import Any

from cumulode.numerics import SolveWarning
from cumulode.numerics.contraction.form import AUTO
from cumulode.theory.problem import Problem
from cumulode.theory.validate import complain

from ..progress import Progress
from . import store as disk
from .layers import DONE, IMPOSSIBLE, PENDING
from .provenance import attributes
from .settings import Settings, Values, check_axes, check_settings, same_sweep
from .store import Store
from .table import Table, table_from
from .work import Found, Task, run_tasks

#: Points a block at most: work of a second or so.
_BLOCK = 16


class SweepWarning(UserWarning):
    """A sweep with points that failed, or that was interrupted, or that other versions had begun."""


class ContinuedWarning(SweepWarning):
    """A sweep that other versions had begun."""


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
    rtol: float = 1e-6,
    atol: float = 1e-9,
    tolerance: float = 1e-3,
    contraction: str = AUTO,
    validity: str | bool = "quick",
    fields: bool = True,
    lines: bool = True,
    retry_failed: bool = False,
    progress: bool = False,
    command: str | None = None,
) -> Any:
    """Map where fields localise: solve the theory from several starts at every point of a grid; SGD too, if asked.

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
    measures : sequence of names, optional
        ipr, ipr_times_D, norm, amplitude, width, wavelength, time_to_localise, pattern, field_count, potential,
        kurtosis_plus, kurtosis_minus; all by default. Each variable of the dataset states its units and rule.
    simulate : bool
        Run SGD with ``learning_rate`` and ``batch_size``, too: variables ``sgd_...``.
    out : path ending in .nc, optional
        Where the dataset goes as it grows (netCDF 3, SciPy's engine). A file that is there already is continued: what
        it has is not computed again, so axes and seeds may be extended, and a killed sweep resumed. While a sweep
        runs, :func:`open_phase` reads all finished blocks, any netCDF reader those gathered so far.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where blocks of points are computed; by default a thread a core.
    closure, rtol, atol, tolerance, contraction
        Of :func:`cumulode.solve`.
    validity : {"quick", "full", "off"}
        Where the closure can be trusted (theory.md section 3): rho and mu; with Delta by a second flow; or not at all.
    fields : bool
        Keep the final weights.
    lines : bool
        Along the first continuous axis, find the critical values where w = 0, and where the uniform or periodic
        state, loses stability, by root finding.
    retry_failed : bool
        Repeat the points that failed in an earlier run.
    progress : bool
        Show progress on standard error.
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
    ValueError
        Naming the argument, what came and what is allowed; for ``out`` also what it differs in from a file that is
        there.
    """
    settings = check_settings(
        problem,
        seeds,
        time=time,
        points=points,
        amplitude=amplitude,
        closure=closure,
        rtol=rtol,
        atol=atol,
        tolerance=tolerance,
        contraction=contraction,
        measures=measures,
        simulate=simulate,
        learning_rate=learning_rate,
        batch_size=batch_size,
        fields=fields,
        validity=validity,
        lines=lines,
    )
    checked = check_axes(axes, problem)
    if not settings.simulate and all(name in ("learning_rate", "batch_size") for name in checked):
        raise complain("axes", list(checked), "these with simulate=True, or axes on which theory depends")
    path = check_out(out)
    pool = _executor(executor)
    table = Table(settings, checked)
    attrs = attributes(settings, list(checked), command or _call(settings, checked))
    with contextlib.ExitStack() as stack:
        store = None
        if path is not None:
            store = Store(path, table.identity)
            stack.enter_context(store.held())
            _continue(table, path, attrs)
            store.gather(table.dataset(attrs))
        _fill(table, table.tasks(retry_failed), pool, store, attrs, progress)
    _tell(table)
    return table.dataset(attrs)


def open_phase(path: str | Path) -> Any:
    """The dataset in a file, with the finished blocks that a running (or killed) sweep has not gathered yet.

    Raises
    ------
    ValueError
        Naming ``path`` for a file that is no phase diagram.
    """
    path = Path(path)
    parts = disk.read_parts(path)  # before the file: what is gathered meanwhile is in the file then
    dataset = disk.read(path)
    if not parts:
        return dataset
    table = table_from(dataset, settings_of(dataset, path))
    _put_parts(table, parts)
    return table.dataset(dataset.attrs)


def _put_parts(table: Table, parts: list[tuple[str, list[tuple[Task, Found]]]]) -> None:
    """Fill in finished blocks.

    Blocks of another grid were gathered before the file was written for this one: a sweep was killed before it removed
    them. Their indices mean other points.
    """
    for identity, block in parts:
        if identity == table.identity:
            for task, found in block:
                table.put(task, found)


def settings_of(dataset: Any, path: Path) -> Settings:
    """The settings that a file states."""
    try:
        attrs = dataset.attrs
        return Settings.from_json(attrs["problem"], dataset["seed"].values, attrs["settings"])
    except (KeyError, TypeError, ValueError) as error:
        raise complain("path", str(path), f"a file written by phase_diagram ({error})") from None


def check_out(out: Any) -> Path | None:
    """``out`` as a path whose folder exists."""
    if out is None:
        return None
    if not isinstance(out, (str, Path)) or Path(out).suffix != ".nc":
        raise complain("out", str(out), "a file name ending in .nc")
    path = Path(out)
    if not path.resolve().parent.is_dir():
        raise complain("out", str(out), "a file in a directory that exists")
    return path


def _executor(executor: Any) -> Executor | None:
    if executor is None or isinstance(executor, Executor):
        return executor
    if hasattr(executor, "get_executor"):  # a dask.distributed client, which need not be installed to be recognised
        found = executor.get_executor()
        if isinstance(found, Executor):
            return found
    raise complain("executor", executor, "a concurrent.futures.Executor, a dask.distributed.Client or None")


def _call(settings: Settings, axes: Mapping[str, Values]) -> str:
    """The call in words, where no command made the sweep."""
    shown = ", ".join(f"{name}: {len(values)} values" for name, values in axes.items())
    return f"cumulode.phase_diagram({settings.problem!r}, {{{shown}}}, ...)"


def _continue(table: Table, path: Path, attrs: dict[str, Any]) -> None:
    """Take over what the file at ``path`` has, blocks included; refuse one that is of another sweep."""
    if not path.exists():
        return
    dataset = disk.read(path)
    old = table_from(dataset, settings_of(dataset, path))
    if list(old.axes) != list(table.axes):
        raise complain("axes", list(table.axes), f"{', '.join(old.axes)}, as {path} has, or another file")
    lost = _lost(old, table)
    if lost:
        raise complain(lost[0], f"{path} without {lost[1]}", "all values that the file has, and more, or another file")
    differs = same_sweep(old.settings, table.settings, table.axes)
    if differs:
        raise complain("out", str(path), f"a file of the same sweep, or a new one; there {differs}")
    _put_parts(old, disk.read_parts(path))
    table.copy_from(old)
    for name in ("versions", "revision"):
        before = str(dataset.attrs.get(name))
        if before.split("; ")[-1] != attrs[name]:
            words = f"{path} was begun with {name} {before}, is continued with {attrs[name]}"
            warnings.warn(words, ContinuedWarning, stacklevel=4)
            before = f"{before}; {attrs[name]}"
        attrs[name] = before


def _lost(old: Table, new: Table) -> tuple[str, str] | None:
    """Name and first values of an axis that the new grid lacks: finished points are not thrown away."""
    for name, values in {**old.axes, "seeds": old.settings.seeds}.items():
        kept = new.settings.seeds if name == "seeds" else new.axes[name]
        lost = [str(v) for v in values if v not in kept]
        if lost:
            return name, ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
    if old.settings.simulate and not new.settings.simulate:
        return "simulate", "SGD"
    return None


def _fill(
    table: Table, tasks: list[Task], pool: Executor | None, store: Store | None, attrs: dict[str, Any], progress: bool
) -> None:
    """Do all tasks, or those that were done when Ctrl-C was heard."""
    total = sum(table.status(layer).size for layer in table.layers)
    todo = sum(max(1, len(task.seeds)) for task in tasks)
    with Progress(total, "phase", enabled=progress and todo > 0, unit="runs", done=total - todo) as shown:

        def take(block: list[tuple[Task, Found]]) -> None:
            if store is not None and block:
                store.add(block)
            for task, found in block:
                table.put(task, found)
                shown.update(max(1, len(task.seeds)))
            if store is not None and store.due():
                store.gather(table.dataset(attrs))

        executor = pool or ThreadPoolExecutor(cpu_count() or 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SolveWarning)  # recorded, seed by seed
                _run(executor, _blocks(tasks, executor), table, take)
        finally:
            if store is not None:
                store.gather(table.dataset(attrs))
            if pool is None:
                executor.shutdown()


def _blocks(tasks: list[Task], executor: Executor) -> list[list[Task]]:
    """Tasks of one layer each, few enough that every worker gets several blocks; of SGD and lines one point each."""
    workers = getattr(executor, "_max_workers", None) or cpu_count() or 1
    found: list[tuple[float, list[Task]]] = []
    for name in dict.fromkeys(task.layer for task in tasks):
        own = [task for task in tasks if task.layer == name]
        size = 1 if name != "theory" else max(1, min(_BLOCK, len(own) // (8 * workers)))
        found += [((i + size / 2) / len(own), own[i : i + size]) for i in range(0, len(own), size)]
    # layers side by side: critical lines are Python's work, flows are compiled and leave it the interpreter
    return [block for _, block in sorted(found, key=lambda each: each[0])]


def _run(
    executor: Executor, blocks: list[list[Task]], table: Table, take: Callable[[list[tuple[Task, Found]]], None]
) -> None:
    """Hand finished blocks to ``take`` as they come; after Ctrl-C what had begun, and no more."""
    stop = threading.Event()
    threads = isinstance(executor, ThreadPoolExecutor)  # a flag cannot be sent to another process
    running: dict[Future[list[Found]], list[Task]] = {}
    try:
        for block in blocks:
            work = executor.submit(run_tasks, block, table.settings, table.axes, *((stop,) if threads else ()))
            running[work] = block
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                take(list(zip(running[future], _result(future), strict=False)))
                del running[future]
    except KeyboardInterrupt:
        stop.set()
        left = [future for future in running if not future.cancel()]
        for future in left:
            # what another process is still at is not waited for; one that Ctrl-C ended has nothing
            if threads or (future.done() and future.exception() is None):
                take(list(zip(running[future], _result(future), strict=False)))
    finally:
        stop.set()
        for future in running:
            future.cancel()


def _result(future: Future[list[Found]]) -> list[Found]:
    try:
        return future.result()
    except Exception as error:  # what goes wrong at a point is its result: this is the executor's
        raise RuntimeError(
            f"executor: a worker died ({type(error).__name__}: {error}); what was finished is kept: repeat the call to "
            "go on from there"
        ) from error


def _tell(table: Table) -> None:
    """Warn of what failed or is missing."""
    pending = sum(int((table.status(layer) == PENDING).sum()) for layer in table.layers)
    words = [f"interrupted, {pending} runs pending: repeat the call to go on from there"] if pending else []
    for layer in table.layers:
        status = table.status(layer)
        failed = int(((status != PENDING) & (status != DONE)).sum())
        if failed:
            reasons = [r for r in table.arrays[f"{layer.prefix}reason"].ravel() if r]
            impossible = int((status == IMPOSSIBLE).sum())
            kind = f" ({impossible} of them at points that do not exist)" if impossible else ""
            words.append(f"{failed} of {status.size} runs of {layer.name} failed{kind}: {' '.join(reasons[:1])}")
    if words:
        warnings.warn("; ".join(words), SweepWarning, stacklevel=3)
