"""Options shared by the commands: the problem, the start, the times, the output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.problem.lattice import ALLOWED, Size, shape_of, sites_in
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real
from cumulode.validation.sgd.starts import random_start

from . import ranges

INTERRUPTED = 4  # cumulode.numerics.integrate.INTERRUPTED, which would import numba before input is checked

#: Arrays of a neuron's run.
TRAJECTORY = ("t", "w", "ipr", "norm", "k2", "k4")
LAWS = ("nlgp", "ising", "gp")
#: Options of the laws: type, default, help.
_FIELD_OPTIONS: dict[str, tuple[Any, Any, str]] = {
    "gain": (float, 3.0, "NLGP gain g in (0, inf]"),
    "gain-minus": (float, None, "gain of the class minus, if another"),
    "xi-plus": (float, 4.0, "correlation length of the class plus, sites"),
    "xi-minus": (float, 1.0, "correlation length of the class minus, sites"),
    "covariance": (str, "squared-exponential", "squared-exponential, wrapped or circular-exponential"),
}
_ISING_OPTIONS: dict[str, tuple[Any, Any, str]] = {
    "t-plus": (float, 0.7, "Ising: t = tanh J of the class plus, in (-1, 1)"),
    "t-minus": (float, 0.3, "Ising: t = tanh J of the class minus"),
}
_LAW_OPTIONS = _FIELD_OPTIONS | _ISING_OPTIONS


def add_problem(parser: argparse.ArgumentParser, many: bool = False) -> None:
    """Laws of the two classes, size of the ring or torus, neuron; ``many``: an option may name several values."""
    group = parser.add_argument_group("problem")
    number: Any = ranges.numbers if many else float
    group.add_argument("--law", default="nlgp", help="nlgp, ising, or gp (Gaussian with the NLGP's covariance)")
    for name, (kind, default, words) in _LAW_OPTIONS.items():
        shown = "" if default is None else f" (default: {default})"
        # None tells what was not given: an option that does not belong to the law is refused, not ignored
        kind = (number if kind is float else ranges.words) if many else kind
        group.add_argument(f"--{name}", type=kind, default=argparse.SUPPRESS, help=words + shown)
    group.add_argument(
        "--control", action="store_true", help="replace the inputs by Gaussian ones of the same covariance"
    )
    group.add_argument(
        "--size", metavar="D|LxL", default="40", help="number of sites D of the ring, or LxL such as 20x20 for a torus"
    )
    group.add_argument("--activation", default="erf", help="erf, tanh, relu, softplus, or an expression in h")
    group.add_argument("--bias", type=number, default=-1.0, help="bias b of the neuron")
    group.add_argument("--prior", type=number, default=0.5, help="probability of the class plus")


def problem(options: argparse.Namespace) -> Problem:
    """The problem the options describe; ValueError naming the option."""
    if options.law not in LAWS:
        raise InvalidArgument("law", options.law, "one of " + ", ".join(LAWS))
    ising = options.law == "ising"
    of = _law_options(options, _ISING_OPTIONS if ising else _FIELD_OPTIONS)
    if ising:
        return _finish(options, *(_named(name, lambda name=name: Ising(t=of[name])) for name in _ISING_OPTIONS))
    gain_minus = of["gain"] if of["gain-minus"] is None else of["gain-minus"]
    pair = ((of["gain"], of["xi-plus"], "xi-plus"), (gain_minus, of["xi-minus"], "xi-minus"))
    laws: list[Any] = [_named(name, lambda g=g, xi=xi: NLGP(g, xi, of["covariance"])) for g, xi, name in pair]
    size = sides(options.size)
    for law, (_, _, name) in zip(laws, pair, strict=True):
        _named(name, lambda law=law: law.check_size(size))
    if options.law == "gp":
        laws = [GP(law) for law in laws]
    return _finish(options, *laws)


def sides(text: str) -> Size:
    """``--size``: D of a ring, or (L, L) where LxL was written; ValueError naming it otherwise."""
    parts = text.lower().split("x")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InvalidArgument("size", text, f"{ALLOWED}, written LxL")
    size = tuple(int(part) for part in parts)
    if len(size) == 1:
        return integer("size", size[0], ge=4, allowed=ALLOWED)
    return shape_of(size, allowed=f"{ALLOWED}, written LxL")


def _law_options(options: argparse.Namespace, own: dict[str, tuple[Any, Any, str]]) -> dict[str, Any]:
    """Values of the law's own options, given or default; one that belongs to another law is refused."""
    given = {name: getattr(options, name.replace("-", "_"), None) for name in _LAW_OPTIONS}
    for name, value in given.items():
        if value is not None and name not in own:
            raise InvalidArgument(name, value, f"only with another --law; --law {options.law} takes " + ", ".join(own))
    return {name: default if given[name] is None else given[name] for name, (_, default, _) in own.items()}


def _named(option: str, build: Any) -> Any:
    """Call ``build``; a refusal of xi or t names the option that gave it."""
    try:
        return build()
    except InvalidArgument as error:
        raise error.about(option if error.name in ("xi", "t") else error.name) from None


def _finish(options: argparse.Namespace, plus: Any, minus: Any) -> Problem:
    found = Problem(plus, minus, sides(options.size), options.activation, options.bias, options.prior)
    return found.gaussian_control() if options.control else found


def add_run(parser: argparse.ArgumentParser) -> None:
    """Start and times."""
    group = parser.add_argument_group("run")
    group.add_argument("--time", type=float, default=150.0, help="last time, learning rate x steps")
    group.add_argument("--points", type=int, default=31, help="number of equally spaced times from 0 recorded")
    group.add_argument(
        "--seed",
        type=int,
        default=1,
        help="seed of the random start (and of the run of `sgd`; `compare` runs SGD seeds 0, 1, ...)",
    )
    group.add_argument(
        "--amplitude",
        type=float,
        default=0.1,
        help="start: amplitude * default_rng(seed).standard_normal(D) / sqrt(D), of norm about amplitude",
    )
    group.add_argument(
        "--w0", metavar="FILE", default=None, help="start from a .npy or text file instead, (D,) or (L, L)"
    )


def start(options: argparse.Namespace) -> np.ndarray:
    """The start the options describe, (D,); of a torus a file may hold it as (L, L)."""
    shape = shape_of(sides(options.size))
    size = sites_in(shape)
    if options.w0 is not None:
        try:
            found = np.load(options.w0) if options.w0.endswith(".npy") else np.loadtxt(options.w0)
        except (OSError, ValueError, EOFError) as error:
            raise InvalidArgument(
                "w0", options.w0, f"a readable .npy or text file of {size} numbers ({error})"
            ) from None
        if found.shape not in ((size,), shape):
            raise InvalidArgument("w0", f"{options.w0}, shape {found.shape}", f"{size} numbers, one start")
        return np.reshape(found, size)
    amplitude = real("amplitude", options.amplitude, gt=0)
    seed = integer("seed", options.seed, ge=0)
    return random_start(seed, amplitude, size)


def times(options: argparse.Namespace) -> np.ndarray:
    """The times the options describe, (T,)."""
    end = real("time", options.time, gt=0)
    return np.linspace(0.0, end, integer("points", options.points, ge=2, le=100000))


def add_solver(parser: argparse.ArgumentParser, many: bool = False) -> None:
    """Closure and tolerances; ``many``: several closures may be named."""
    group = parser.add_argument_group("theory")
    group.add_argument(
        "--closure",
        default="regression",
        type=ranges.words if many else str,
        help="taylor, taylor-activation, taylor-N, gaussian, edgeworth, bimodal, pearson, regression, tree, tree:CHI, "
        "conditional, exact (Ising)",
    )
    group.add_argument("--rtol", type=float, default=1e-6, help="relative error of a step")
    group.add_argument("--atol", type=float, default=1e-9, help="absolute error of a step")
    group.add_argument("--tolerance", type=float, default=1e-3, help="relative error of the fourth cumulant tensor")
    group.add_argument(
        "--contraction", default="auto", help="auto, ordered-gap, pair-form or sorted-list: how K(w,w,w) is contracted"
    )


def check_solver(options: argparse.Namespace) -> None:
    """Refuse a closure, tolerance or contraction that is none, before anything is said to begin."""
    from cumulode.numerics.check_input import check_tolerance
    from cumulode.numerics.contraction.form import check_contraction
    from cumulode.theory.closures.names import check_closure

    check_closure(options.closure, ("exact",))
    check_tolerance(options.tolerance)
    check_contraction(options.contraction)


def add_output(parser: argparse.ArgumentParser, saved: str | None = None) -> None:
    """--json, --quiet, and where arrays go."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    group.add_argument("--quiet", action="store_true", help="no progress on standard error")
    if saved:
        group.add_argument("--out", metavar="FILE", default=None, help=saved)


def writable(name: str, path: str | None, suffixes: tuple[str, ...]) -> None:
    """Refuse an output that could not be written, before the work is done."""
    if path is None:
        return
    target = Path(path)
    if target.suffix not in suffixes:
        raise InvalidArgument(name, path, "a file name ending in " + ", ".join(suffixes))
    if not target.resolve().parent.is_dir():
        raise InvalidArgument(name, path, "a file in a directory that exists")


def save(result: Any, path: str, command: str, names: Sequence[str] = TRAJECTORY) -> None:
    """Write a run as netCDF (SciPy's engine) or .npz (the arrays of these names), with the command that made it."""
    if path.endswith(".nc"):
        dataset = result.to_xarray()
        dataset.attrs["command"] = command
        dataset.to_netcdf(path, engine="scipy")
        return
    arrays = {name: getattr(result, name) for name in names}
    np.savez(path, command=command, provenance=json.dumps(result.provenance), **arrays)


def trajectory_table(result: Any) -> str:
    """A line a time: IPR x D, norm, and kurtosis of the preactivation in each class."""
    lines = [f"{'time':>10}{'IPR x D':>10}{'norm':>10}{'kurtosis +':>12}{'kurtosis -':>12}"]
    for i, t in enumerate(result.t):
        plus, minus = result.kurtosis[i]
        lines.append(
            f"{t:>10.4g}{result.ipr[i] * result.size:>10.4f}{result.norm[i]:>10.4f}{plus:>12.4f}{minus:>12.4f}"
        )
    return "\n".join(lines)


def report(
    result: Any,
    options: argparse.Namespace,
    remark: str,
    table: Callable[[Any], str] = trajectory_table,
    names: Sequence[str] = TRAJECTORY,
) -> int:
    """Save (the arrays of these names) and print a run, as lines by ``table``; returns the exit code.

    0, 1 when a run failed, 130 when it was interrupted.
    """
    if options.out:
        save(result, options.out, options.command_line, names)
    if options.json:
        print_json({**result.to_dict(), "command": options.command_line})
    else:
        print(table(result))
        print(f"# {remark}")
    if not result.success:
        print(f"cumulode {options.command}: {result.message}", file=sys.stderr)
    if INTERRUPTED in result.statuses:
        return 130
    return 0 if result.success else 1


def print_json(values: dict[str, Any]) -> None:
    """One JSON object on standard output; NaN is null, an infinite gain the string "inf"."""
    print(json.dumps(_plain(values), allow_nan=False))  # made whole before anything is written


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inside) for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inside) for inside in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return value
