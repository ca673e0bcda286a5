"""A strategy for every public function: a call with good arguments, or with one or two that may be anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sympy as sp
from hypothesis import strategies as st

from cumulode import public
from cumulode.theory.closures.names import CLOSURES as CLOSURE_NAMES

from . import judges, values
from .files import PHASES, RESULTS
from .values import BIASES, CLOSURES, EVENTS, JUNK, PROGRESS, RULES, SEEDS, SOLVERS, TIMES, TOLERANCES, number, whole

Draw = st.SearchStrategy[Any]


@dataclass
class Call:
    """A function by its name, keywords, and what is wrong with a result, if anything, in words."""

    name: str
    given: dict[str, Any]
    judge: Callable[[Any, dict[str, Any]], str] = field(repr=False)

    def __call__(self) -> Any:
        return public.find(self.name)(**self.given)

    def __str__(self) -> str:
        words = (f"{name}={' '.join(repr(value).split())[:150]}" for name, value in self.given.items())
        return f"{self.name}({', '.join(words)})"


#: Arguments of which a number or two means hours of work.
KEPT = {"claims"}


@st.composite
def call(draw: Any, name: str, required: dict[str, Any], optional: dict[str, Any], judge: Any = judges.finite) -> Call:
    """Each strategy may be a function of the arguments that were drawn before it."""
    given: dict[str, Any] = {}
    for key, strategy in (required | optional).items():
        if key in required or draw(st.integers(0, 3)) == 0:
            given[key] = draw(
                strategy(given) if callable(strategy) and not isinstance(strategy, st.SearchStrategy) else strategy
            )
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        given[draw(st.sampled_from(sorted((required | optional).keys() - KEPT)))] = draw(JUNK)
    return Call(name, given, judge)


PROBLEM = values.problems()
RING = values.problems(torus=False)
LAWS = st.one_of(values.laws(), st.sampled_from([values.FULL, values.ODD]))
SIZES = st.sampled_from([4, 6, 8, 12, (8,), (4, 4), 4, 9])
SHAPES = st.sampled_from([None, None, (16,), (4, 4)])


def start(given: dict[str, Any]) -> Draw:
    return values.weights(given["problem"])


def one_start(given: dict[str, Any]) -> Draw:
    return values.fields(given["problem"].size)


def scatter(given: dict[str, Any]) -> Draw:
    """The size of SGD's noise; none over long times, which are a minute's work for the 200 trajectories of the default."""
    return number(1e-6, 1e3) if np.max(given["t_eval"]) <= 3 else st.none()


def rows(given: dict[str, Any]) -> Draw:
    """A few fields, of a short trajectory."""
    return values.fields(3, given["problem"].size)


def pair(given: dict[str, Any]) -> Draw:
    """The weights of a network of two."""
    return values.fields(2, given["problem"].size)


FIELD = st.one_of(values.fields(16), values.fields(3, 16), values.fields(2, 2, 16), values.fields(4))
LONG = st.sampled_from([[0, 1e12], [1e308], [0.0, 50.0]])
RATES = number(0.01, 1.0, 1e3)
GAINS = st.sampled_from([(0.5, 2.0), [1, 3], (1e-6, 1e9), np.array([0.5, 1.0])])
AXES = st.sampled_from(
    [
        ("gain", (0.5, 2.0)),
        ("bias", (-2.0, 0.5)),
        ("xi_plus", (0.3, 0.9)),
        ("prior", (0.1, 0.9)),
        ("t_plus", (0.1, 0.5)),
    ]
)
ALONG = st.sampled_from(
    [{"bias": [-1.0, -0.5]}, {"xi_minus": np.array([0.3])}, {"prior": (0.5,)}, {"size": [6, 8]}, {"t_plus": [0.1]}]
)
FORMULAS = st.sampled_from(
    ["asin(q*c)/asin(q)", "asin(q*c)", r"\frac{\arcsin(q c)}{\arcsin q}", "F1*Cw", "0", "c**2", "k2*k4", "erf(b/sqrt(1+k2))",
     "1/0", "c+", "(((", "2**c", "q*c + 1e999", "__import__('os')", "c\n", "x"*500, sp.Symbol("c"), sp.Integer(2)]
)  # fmt: skip
QUANTITIES = st.sampled_from(
    ["nlgp.second", "ising.second", "gaussian.A", "force", "ipr.gaussian", "taylor.A", "edgeworth.B"]
)
NETWORK: dict[str, Any] = {
    "biases": st.sampled_from(["balanced", "trained", "equal", [1.0, -1.0], np.array([0.2, -3.0])]),
    "w0": pair,
    "amplitude": number(1e-3, 3.0),
    "learning_rate": RATES,
    "batch_size": whole(1, 20),
    "seed": whole(0, 9),
    "seeds": SEEDS,
    "sgd": RULES,
    "loss": st.sampled_from(["mse", "cross-entropy"]),
    "labels": st.sampled_from([(-1, 1), (0, 1), [0.0, 1.0], np.array([-1, 1])]),
    "samples": lambda given: st.tuples(
        values.fields(5, given["problem"].size), values.fields(4, given["problem"].size)
    ),
    "test_seed": whole(0, 9),
    "progress": PROGRESS,
    "stop": EVENTS,
}
TRAINED: dict[str, Any] = {
    k: NETWORK[k] for k in ("learning_rate", "batch_size", "seed", "seeds", "sgd", "progress", "stop")
}
SWEPT: dict[str, Any] = {
    "seeds": st.sampled_from([2, [0, 3]]),
    "time": number(0.1, 3.0),
    "amplitude": number(0.01, 1.0),
}


def strategies(folder: Path) -> dict[str, st.SearchStrategy[Call]]:
    """By the name of the function; ``folder`` holds the files to read, see ``files``, and is where files are written."""
    phases, results = (st.sampled_from([str(folder / name) for name in names]) for names in (PHASES, RESULTS))
    out = st.sampled_from([None, str(folder / "out.nc"), folder / "out2.nc", str(folder / "no" / "x.nc"), str(folder)])
    closure = {"closure": CLOSURES, "tolerance": TOLERANCES, "solver": SOLVERS}
    table: dict[str, tuple[Any, ...]] = {
        "NLGP": ({"gain": number(1e-7, 1e9, values.INF), "xi": number(0.01, 30)}, {"covariance": st.sampled_from(values.COVARIANCES)}),
        "GP": ({"source": LAWS}, {}),
        "Ising": ({}, {"t": st.floats(-1, 1), "J": st.floats(-20, 20)}),
        "Cumulants": ({"second": values.fields(8), "fourth": st.one_of(values.fields(7, 7, 7), values.fields(8, 8, 8))}, {"name": st.just("a")}),
        "Problem": (
            {"plus": LAWS, "minus": LAWS, "size": SIZES},
            {"activation": values.ACTIVATIONS, "bias": BIASES, "prior": values.PRIORS},
        ),
        "Solver": (
            {},
            {"closure": st.sampled_from([*CLOSURE_NAMES, "taylor-7", "tree:0.5"]), "rtol": number(1e-13, 0.9), "atol": number(5e-324, 1.0),
             "tolerance": TOLERANCES, "contraction": st.sampled_from(["auto", "pair-form"]), "max_step": number(1e-9, 1e9, values.INF)},
        ),
        "Sgd": ({}, {"learning_rate": RATES, "batch_size": whole(1, 10**6), "conventions": st.sampled_from(["cumulode", "ingrosso-goldt"])}),
        "solve": (
            {"problem": PROBLEM, "w0": start, "t_eval": st.one_of(TIMES, TIMES, LONG)},
            {**closure, "rtol": number(1e-10, 1e-2), "atol": number(1e-12, 1e-3), "progress": PROGRESS, "stop": EVENTS,
             "noise": scatter, "runs": whole(1, 4), "seed": whole(0, 9)},
            judges.run,
        ),
        "drift": ({"problem": PROBLEM}, closure, judges.drift),
        "potential": ({"problem": PROBLEM, "w": start}, {"closure": CLOSURES, "tolerance": TOLERANCES}, judges.potential),
        "preactivation_cumulants": ({"problem": PROBLEM, "w": start}, {"tolerance": TOLERANCES, "solver": SOLVERS}, judges.potential),
        "second_cumulant": ({"law": LAWS, "size": SIZES}, {}),
        "fourth_cumulant": (
            {"law": LAWS, "offsets": st.sampled_from([(0, 0, 0), [[0, 1, 2]], np.array([[1, 2, 3], [0, -1, 7]]), [[[0, 1]] * 3]])},
            {"size": SIZES},
        ),
        "noise_covariance": ({"problem": PROBLEM, "w": start}, {"closure": CLOSURES, "solver": SOLVERS}, judges.noise),
        "linear_fluctuations": ({"problem": RING, "w0": one_start, "t_eval": TIMES}, {"closure": CLOSURES, "solver": SOLVERS}, judges.noise),
        "network_drift": ({"problem": RING}, {"tolerance": TOLERANCES, "solver": SOLVERS}, judges.network_drift),
        "solve_network": (
            {"problem": RING, "w0": pair, "t_eval": TIMES, "biases": st.sampled_from([[1.0, -1.0], 0.5, np.array([-2.0, 0.1])])},
            {"trained_biases": st.booleans(), "closure": st.sampled_from(["taylor", "mean-field", "taylor", "frozen"]), "rtol": number(1e-9, 1e-2), "solver": SOLVERS},
            judges.run,
        ),
        "convolutional_cp": (
            {"law": values.laws(), "rank": whole(1, 2), "starts": st.just(1)},
            {"half_width": whole(1, 4), "seed": whole(0, 3)},
            judges.nothing,
        ),
        "growth_rates": ({"problem": PROBLEM}, {}),
        "stationary_state": ({"problem": PROBLEM}, {**closure, "k": st.sampled_from([0, 1, 2, (0, 1), np.int64(1)])}, judges.stationary),
        "critical_value": (
            {"problem": RING, "axis": AXES.map(lambda a: a[0]), "between": GAINS},
            {**closure, "criterion": st.sampled_from(["stability", "linear"]), "scan": whole(2, 4)},
            judges.critical,
        ),
        "critical_line": (
            {"problem": RING, "axis": AXES.map(lambda a: a[0]), "between": GAINS, "along": ALONG, "scan": st.just(3)},
            {**closure, "criterion": st.sampled_from(["stability", "linear"])},
            judges.nothing,
        ),
        "validity": (
            {"problem": PROBLEM, "w": rows}, {**closure, "t": st.sampled_from([[0, 1, 2], np.array([0.0, 0.1, 0.3])]), "check": st.sampled_from(["exact", "exact", "x", 1])},
            judges.nothing,
        ),
        "simulate_sgd": ({"problem": PROBLEM, "w0": start, "t_eval": TIMES}, TRAINED, judges.run),
        "simulate_network": (
            {"problem": PROBLEM, "hidden": st.just(2), "t_eval": TIMES, "n_test": whole(2, 20)},
            {**NETWORK, "architecture": st.sampled_from(["committee", "two-layer"]), "readout": st.sampled_from([[1.0, -1.0], None]),
             "bias_rate": number(0.1, 2.0), "readout_rate": number(0.1, 2.0)},
            judges.run,
        ),
        "simulate_convolutional": (
            {"problem": PROBLEM, "filters": st.just(2), "t_eval": TIMES, "n_test": whole(2, 9)},
            {**NETWORK, "filter_size": whole(1, 4), "readout": st.sampled_from(["pooled", "full"])},
            judges.run,
        ),
        "sample": ({"law": LAWS, "size": SIZES, "n": whole(1, 5)}, {"seed": whole(0, 9)}),
        "ipr": ({"w": FIELD}, {}, judges.of_field),
        "norm": ({"w": FIELD}, {}, judges.of_field),
        "width": ({"w": FIELD}, {"shape": SHAPES}, judges.of_field),
        "centre": ({"w": FIELD}, {"shape": SHAPES}, judges.nothing),
        "dominant_wavenumber": ({"w": FIELD}, {"shape": SHAPES}, judges.of_field),
        "power_spectrum": ({"w": FIELD}, {"shape": SHAPES}, judges.of_field),
        "align": ({"w": FIELD, "reference": FIELD}, {"reflect": st.booleans(), "sign": st.booleans(), "shape": SHAPES}, judges.of_field),
        "tiling": (
            {"centres": st.one_of(values.fields(4), values.fields(2, 3)), "size": SIZES},
            {"level": number(1e-4, 0.5), "seed": whole(0, 3)},
            judges.nothing,
        ),
        "match_fields": ({"fields": values.fields(2, 16), "filters": st.one_of(values.fields(3, 16), values.fields(2, 9))}, {"shape": SHAPES}, judges.match),
        "compare": (
            {"problem": PROBLEM, "w0": start, "t_eval": TIMES, "seeds": st.sampled_from([2, [0, 4]]), "batch_size": whole(1, 9),
             "population": st.sampled_from([None, None, "exact"])},
            {"closure": CLOSURES, "learning_rate": RATES, "margin": number(0.01, 1.0), "verdict_times": st.sampled_from([1, 3, [0.1]]), "runs": st.sampled_from([None, 20]),
             "solver": SOLVERS, "progress": PROGRESS},
            judges.comparison,
        ),
        "boundary": (
            {"problem": RING, "axis": AXES.map(lambda a: a[0]), "between": GAINS, "along": ALONG, "seeds": st.just(2), "time": number(0.5, 3.0),
             "scan": st.just(3), "accuracy": st.just(0.1)},
            {"quantity": st.sampled_from(["ipr_times_D", "norm", "width"]), "level": number(0.5, 3.0), "closure": CLOSURES, "each": st.booleans(),
             "out": out, "amplitude": number(0.01, 1.0), "solver": SOLVERS},
            judges.nothing,
        ),
        "refine_boundary": (
            {"problem": RING, "axes": st.sampled_from([{"gain": (0.5, 3.0), "xi_plus": (0.3, 0.6)}, {"bias": (-1, 0), "gain": (1, 2)}]),
             "seeds": st.just(2), "time": number(0.5, 2.0), "coarse": st.just(3), "most": st.just(12), "resolution": st.just(0.2)},
            {"level": number(0.5, 3.0), "closure": CLOSURES, "out": out, "batch": whole(1, 4)},
            judges.nothing,
        ),
        "phase_diagram": (
            {"problem": PROBLEM, "axes": st.sampled_from([{"gain": [1.0, 2.0]}, {"bias": np.array([-1.0, 0.5])}, {"xi_plus": pd.Series([0.4]), "prior": (0.5,)},
             {"closure": ["regression", "taylor"]}]), **SWEPT, "points": st.just(3)},
            {"closure": CLOSURES, "measures": st.sampled_from([["ipr", "norm"], ("width", "norm"), None]), "simulate": st.booleans(), "learning_rate": RATES,
             "batch_size": whole(1, 9), "out": out, "validity": st.sampled_from(["off", "quick", "full"]), "fields": st.booleans(),
             "lines": st.booleans(), "retry_failed": st.booleans(), "extend": st.booleans(), "solver": SOLVERS, "progress": PROGRESS},
            judges.phase,
        ),
        "open_phase": ({"path": phases}, {}, judges.nothing),
        "rerun": ({"path": phases}, {"cells": whole(1, 3), "seed": whole(0, 3)}, judges.nothing),
        "load": ({"path": results}, {}, judges.nothing),
        "check": (
            {"mine": FORMULAS, "against": QUANTITIES},
            {"activation": st.sampled_from(["erf", "tanh"]), "order": st.sampled_from([1, 3]), "ansatz": st.just("exp(-x**2/(2*s**2))"), "seed": whole(0, 3)},
            judges.nothing,
        ),
        "derive": ({"name": st.sampled_from(["nlgp.1", "ising", "cubic.2", "nosuch"])}, {"order": st.sampled_from([1, 3, 2])}, judges.nothing),
        "Derivation": ({"name": st.just("a"), "title": st.just("A")}, {"about": st.just("b"), "seed": whole(0, 3)}, judges.nothing),
        "reproduce": ({"claims": st.sampled_from(["nosuch", [], ["x"], 99])}, {"quick": st.booleans(), "out": out}, judges.nothing),
    }  # fmt: skip
    return {name: call(name, *parts) for name, parts in table.items()}


#: Public names that are no functions of a user's own arguments: what functions return, and what they raise.
MADE = frozenset(
    """
    InvalidArgument WrongStep Scope CheckResult QUANTITIES SolveWarning Status Drift NetworkDrift Result Solution NetworkFlow
    ConvolutionalCP StationaryState CriticalValues Validity Run NetworkRun ConvolutionalRun Comparison Ensemble LinearFluctuations
    FrozenFlow FrozenNetwork
    comparison_figure plot_match
    """.split()  # noqa: SIM905
)
#: Drawn so many times less often: a second or more each.
COSTLY = {
    "derive": 8,
    "phase_diagram": 2,
    "rerun": 3,
    "refine_boundary": 2,
    "critical_line": 2,
    "linear_fluctuations": 4,
}
