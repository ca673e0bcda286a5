"""``cumulode cache``: where compiled kernels are kept; fill or empty that place."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from cumulode.validation.cli.output import print_json


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to do with the cache."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--where", action="store_true", help="say where the cache is and what it holds (the default)")
    what.add_argument(
        "--warm",
        action="store_true",
        help="compile the kernels of the shipped activations and closures now, so that later starts are quick",
    )
    what.add_argument("--clear", action="store_true", help="remove compiled kernels and generated sources")
    what.add_argument("--clear-stale", action="store_true", help="remove only kernels of other versions")
    parser.add_argument("--activation", action="append", help="with --warm: this one; may be repeated")
    parser.add_argument("--closure", action="append", help="with --warm: this one; may be repeated")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")


def run(options: argparse.Namespace) -> int:
    """Do it and say what there is."""
    from cumulode.numerics.compile import cache

    answer: dict[str, Any] = {}
    if options.warm:
        answer["compile_seconds"] = round(_warm(options.activation, options.closure), 2)
    if options.clear or options.clear_stale:
        before = cache.clear(stale_only=options.clear_stale)
        answer["removed_bytes"] = before.size - cache.contents().size
    held = cache.contents()
    answer |= {"path": str(held.path), "bytes": held.size, "files": held.files, "stale_bytes": held.stale}
    if options.json:
        print_json({**answer, "command": options.command_line})
        return 0
    if "compile_seconds" in answer:
        print(f"compiled everything that was not there in {answer['compile_seconds']:.1f} s")
    if "removed_bytes" in answer:
        print(f"removed {answer['removed_bytes'] / 1e6:.1f} MB")
    print(f"{held.path}: {held.size / 1e6:.1f} MB in {held.files} files", end="")
    print(f", {held.stale / 1e6:.1f} MB of other versions (--clear-stale)" if held.stale else "")
    return 0


def _warm(activations: list[str] | None, closures: list[str] | None) -> float:
    from cumulode.numerics.compile.cache import warm
    from cumulode.theory.closures.names import CLOSURES, check_closure
    from cumulode.theory.problem.problem import SHIPPED_ACTIVATIONS

    given = SHIPPED_ACTIVATIONS if activations is None else activations
    names = [str(_small(name).activation) for name in given]  # as Problem spells it; bad ones are refused first
    chosen = CLOSURES if closures is None else tuple(check_closure(name) for name in closures)
    return warm(names, chosen, also=partial(_run_once, closures=chosen))


def _small(activation: str, law: Any = None) -> Any:
    from cumulode.theory import Ising, Problem

    law = law or Ising(t=0.5)
    return Problem(law, law, 6, activation=activation, bias=-0.9)


def _run_once(activation: str, closures: tuple[str, ...]) -> None:
    """Cumulants, contractions, integrator, exact flow, SGD and networks on the smallest problems there are."""
    import numpy as np

    from cumulode.numerics import Solver, convolutional_cp, preactivation_cumulants, solve, stationary_state, validity
    from cumulode.theory import NLGP, Problem
    from cumulode.validation import Sgd, simulate_sgd

    ising, field = _small(activation), _small(activation, NLGP(gain=1.0, xi=0.5))
    w0, times, sgd = [0.1, 0.02, 0.0, 0.01, 0.03, 0.01], [0.0, 0.1], Sgd(learning_rate=0.1, batch_size=1)
    preactivation_cumulants(ising, w0)
    if ising.symbolic_activation().smooth:
        solve(ising, w0, times, closure="exact")
        stationary_state(ising, closure=closures[0])
    wrapped = NLGP(gain=1.0, xi=1.0, covariance="wrapped")
    for size in (4, (4, 4)):  # by pairs of sites
        w = np.full(4 if size == 4 else 16, 0.1)
        solve(Problem(wrapped, wrapped, size, activation=activation), w, times, closure=closures[0])
    solve(field, w0, times, solver=Solver(closures[0], contraction="sorted-list"))
    convolutional_cp(field.plus, 1, starts=1)
    for closure in {"tree", "conditional"} & set(closures):  # with right-hand sides of their own
        solve(field, w0, times, closure=closure)
    for problem in (ising, field, field.gaussian_control()):
        solve(problem, w0, times, closure=closures[0])
        validity(problem, [w0, w0], closure=closures[0])
        simulate_sgd(problem, w0, times, sgd=sgd)
    _run_networks(field, {"t_eval": times, "sgd": sgd, "n_test": 2})


def _run_networks(problem: Any, given: dict[str, Any]) -> None:
    """A committee, its flow where there is one, and a convolutional network."""
    from cumulode.numerics import solve_network
    from cumulode.validation import simulate_convolutional, simulate_network

    net = simulate_network(problem, 2, **given)
    simulate_convolutional(problem, 2, **given)
    if problem.symbolic_activation().smooth:
        for closure in ("taylor", "mean-field"):
            solve_network(problem, net.w[0], given["t_eval"], net.bias[0], closure=closure)
