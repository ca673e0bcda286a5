"""``python same_cases.py FILE.npz [CASE ...]``: the numbers that ``same_numbers.py`` compares, by what is installed.

A case is a name and a function that returns named arrays. Cases are written in the words of this revision; ``call``
finds the ones of an older revision.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

import cumulode
from cumulode import GP, NLGP, Cumulants, Ising, Problem

Arrays = dict[str, Any]
CASES: dict[str, Callable[[], Arrays]] = {}

#: Keywords by the name that they have in older revisions.
OLD_NAMES = {"scan": "points", "seeds": "seed", "margin": "tolerance"}
#: Keywords that moved into a frozen object.
HOLDERS = {"contraction": "solver", "max_step": "solver", "conventions": "sgd"}

NLGP_RING = Problem(NLGP(3.0, 2.0), NLGP(3.0, 0.7), 24, bias=-1.0)
ISING_RING = Problem(Ising(t=0.7), Ising(t=0.3), 12, bias=-0.9, prior=0.4)
TORUS = Problem(NLGP(3.0, 1.0), NLGP(3.0, 0.5), (6, 6), bias=-1.0)
WAVES = Problem(NLGP(3.0, 1.0), NLGP(3.0, 3.0), 30, bias=-1.0)
WRAPPED = Problem(
    NLGP(3.0, 2.0, covariance="wrapped"), NLGP(1.0, 0.7, covariance="circular-exponential"), 24, bias=-1.0
)
TIMES = [0.0, 5.0, 20.0]


def case(name: str) -> Callable[[Callable[[], Arrays]], Callable[[], Arrays]]:
    """Register a function as the case ``name``."""

    def register(function: Callable[[], Arrays]) -> Callable[[], Arrays]:
        CASES[name] = function
        return function

    return register


def call(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """``function(*args, **keywords)``, with keywords called as the revision installed calls them."""
    known = inspect.signature(function).parameters
    for name in [name for name in keywords if name not in known]:
        if OLD_NAMES.get(name) in known:
            keywords[OLD_NAMES[name]] = keywords.pop(name)
        elif name in keywords:  # not moved with another one
            kind = getattr(cumulode, HOLDERS[name].capitalize())
            own = {f.name: keywords.pop(f.name) for f in fields(kind) if f.name in keywords}
            keywords[HOLDERS[name]] = kind(**own)
    return function(*args, **keywords)


def start(problem: Problem, seed: int = 0, amplitude: float = 0.3) -> np.ndarray:
    """Normal weights of norm about ``amplitude``."""
    return amplitude * np.random.default_rng(seed).standard_normal(problem.size) / np.sqrt(problem.size)


def run_arrays(run: Any, *names: str) -> Arrays:
    """What every result has, its statuses as integers, and further arrays by name."""
    arrays = {name: getattr(run, name) for name in ("t", "w", "ipr", "norm", *names)}
    return arrays | {"statuses": run.statuses if hasattr(run, "statuses") else run.status}


def digest(*texts: str) -> Arrays:
    """Texts as the bytes of their digests."""
    return {str(i): np.frombuffer(hashlib.sha256(t.encode()).digest(), np.uint8) for i, t in enumerate(texts)}


# ---------------------------------------------------------------- flows


def add_flow(name: str, problem: Any, closure: str = "regression", **keywords: Any) -> None:
    """A flow of ``solve`` from one start."""

    @case(f"solve {name}")
    def flow() -> Arrays:
        w0 = start(problem, amplitude=0.05 if closure.startswith("taylor") else 0.3)
        times = [0.0, 1.0, 4.0] if closure.startswith("taylor") else TIMES
        return run_arrays(call(cumulode.solve, problem, w0, times, closure=closure, **keywords), "k2", "k4")


for _closure in ("taylor", "taylor-activation", "taylor-5", "gaussian", "edgeworth", "bimodal", "pearson"):
    add_flow(_closure, NLGP_RING, _closure)
for _closure in ("regression", "tree", "tree:0.5", "conditional"):
    add_flow(_closure, NLGP_RING, _closure)
    add_flow(f"Ising {_closure}", ISING_RING, _closure)
for _closure in ("regression", "tree"):
    add_flow(f"torus {_closure}", TORUS, _closure)
for _activation in ("tanh", "relu", "softplus", "h - h**3/6"):
    add_flow(f"activation {_activation}", Problem(NLGP(3.0, 2.0), Ising(t=0.3), 24, _activation, bias=-0.8))
add_flow("Ising exact", ISING_RING, "exact")
add_flow("waves", WAVES)
add_flow("covariances", WRAPPED)
add_flow("Gaussian control", NLGP_RING.gaussian_control())
add_flow("sorted list", NLGP_RING, contraction="sorted-list")
add_flow("pair form", NLGP_RING, contraction="pair-form")
add_flow("short steps", NLGP_RING, max_step=0.5)
add_flow("tight", NLGP_RING, rtol=1e-10, atol=1e-13, tolerance=1e-6)


@case("solve batch")
def _batch() -> Arrays:
    problems = [Problem(NLGP(gain, 2.0), NLGP(gain, 0.7), 24, bias=-1.0) for gain in (0.3, 1.0, 3.0)]
    starts = np.stack([start(NLGP_RING, seed) for seed in range(3)])
    many = run_arrays(cumulode.solve(NLGP_RING, starts, TIMES), "k2", "k4")
    return many | {f"problems {k}": v for k, v in run_arrays(cumulode.solve(problems, starts, TIMES)).items()}


def own_cumulants() -> Cumulants:
    """A law given by arrays."""
    offsets = np.indices((16, 16, 16)).reshape(3, -1).T
    law = NLGP(3.0, 1.0)
    K = cumulode.fourth_cumulant(law, offsets, size=16).reshape(16, 16, 16)
    return Cumulants(cumulode.second_cumulant(law, 16), K, name="own")


@case("solve own cumulants")
def _own() -> Arrays:
    problem = Problem(own_cumulants(), NLGP(3.0, 0.5), 16)
    return run_arrays(cumulode.solve(problem, start(problem), TIMES), "k2", "k4")


# ---------------------------------------------------------------- cumulants, drifts, potentials


@case("cumulants")
def _cumulants() -> Arrays:
    offsets = np.indices((4, 4, 4)).reshape(3, -1).T
    laws = {"nlgp": NLGP(3.0, 2.0), "step": NLGP(np.inf, 1.5), "ising": Ising(t=-0.6), "gp": GP(NLGP(3.0, 2.0))}
    laws["wrapped"] = NLGP(3.0, 2.0, covariance="wrapped")
    arrays = {f"second {name}": cumulode.second_cumulant(law, 24) for name, law in laws.items()}
    arrays |= {f"fourth {name}": cumulode.fourth_cumulant(law, offsets, 24) for name, law in laws.items()}
    line = {name: law for name, law in laws.items() if name != "wrapped"}
    arrays |= {f"line {name}": cumulode.fourth_cumulant(law, offsets) for name, law in line.items()}
    return arrays | {"torus": cumulode.second_cumulant(NLGP(3.0, 1.0), (6, 6))}


@case("contractions")
def _contractions() -> Arrays:
    arrays: Arrays = {}
    for contraction in ("auto", "ordered-gap", "pair-form", "sorted-list"):
        for tolerance in (1e-2, 1e-3, 1e-6):
            f = call(cumulode.drift, NLGP_RING, tolerance=tolerance, contraction=contraction)
            arrays[f"{contraction} {tolerance:g}"] = np.append(f(start(NLGP_RING)), f.error)
    f = cumulode.drift(TORUS)
    return arrays | {
        "torus": np.append(f(start(TORUS)), f.error),
        "ising": cumulode.drift(ISING_RING)(start(ISING_RING)),
    }


@case("preactivation cumulants")
def _preactivation() -> Arrays:
    problems = {"ring": NLGP_RING, "ising": ISING_RING, "torus": TORUS, "covariances": WRAPPED}
    pairs = {name: cumulode.numerics.preactivation_cumulants(p, start(p)) for name, p in problems.items()}
    return {f"{name} {k}": array for name, pair in pairs.items() for k, array in zip(("k2", "k4"), pair, strict=True)}


@case("potential")
def _potential() -> Arrays:
    closures = ("taylor", "gaussian", "edgeworth", "bimodal", "pearson", "tree", "tree:0.5")
    return {closure: cumulode.potential(NLGP_RING, start(NLGP_RING), closure) for closure in closures}


# ---------------------------------------------------------------- stability


@case("growth rates")
def _growth() -> Arrays:
    problems = {"ring": NLGP_RING, "ising": ISING_RING, "torus": TORUS, "waves": WAVES, "covariances": WRAPPED}
    return {name: cumulode.growth_rates(problem) for name, problem in problems.items()}


def add_state(name: str, problem: Problem, closure: str = "regression", k: Any = None) -> None:
    """A stationary state and its rates."""

    @case(f"state {name}")
    def state() -> Arrays:
        s = cumulode.stationary_state(problem, closure, k)
        return {"w": s.w, "rates": s.rates, "rate": s.rate, "translation": s.translation, "mode": s.mode}


for _closure in ("regression", "pearson", "tree", "exact"):
    add_state(f"uniform {_closure}", ISING_RING, _closure)
add_state("waves", WAVES)
add_state("four waves", WAVES, k=4)
add_state("torus", TORUS)


def add_critical(name: str, problem: Problem, axis: str, between: tuple[float, float], *args: str) -> None:
    """Critical values."""

    @case(f"critical {name}")
    def critical() -> Arrays:
        c = call(cumulode.critical_value, problem, axis, between, *args, scan=7)
        return {"values": c.values, "directions": c.directions, "jumps": c.jumps, "modes": np.array(c.modes)}


add_critical("gain", Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 40, bias=-1.0), "gain", (0.1, 30.0))
add_critical("t exact", Problem(Ising(t=0.9), Ising(t=0.3), 40, bias=-1.0), "t_plus", (0.5, 0.99), "stability", "exact")
add_critical("t tree", Problem(Ising(t=0.9), Ising(t=0.3), 40, bias=-1.0), "t_plus", (0.5, 0.99), "stability", "tree")
add_critical("bias linear", NLGP_RING, "bias", (-2.0, 2.0), "linear")
add_critical("prior linear", ISING_RING, "prior", (0.01, 0.99), "linear")


@case("critical line")
def _line() -> Arrays:
    problem = Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 40, bias=-1.0)
    ds = call(cumulode.critical_line, problem, "gain", (0.1, 2.0), {"xi_plus": [2.0, 4.0, 30.0]}, scan=4)
    return {name: ds[name].values for name in ("gain", "direction", "mode")}


@case("validity")
def _validity() -> Arrays:
    problems = [NLGP_RING, Problem(NLGP(50.0, 2.0), NLGP(50.0, 0.5), 24, bias=-1.2)]
    w = cumulode.solve(problems, start(NLGP_RING), TIMES).w
    v = cumulode.validity(problems, w, t=TIMES)
    return {name: getattr(v, name) for name in ("rho", "mu", "mu_own", "delta", "trusted")}


@case("convolutional CP")
def _decomposition() -> Arrays:
    arrays = {}
    for name, law, rank in (("nlgp", NLGP(3.0, 1.0), 2), ("ising", Ising(t=0.4), 2)):
        cp = cumulode.convolutional_cp(law, rank, starts=2)
        for part in ("offsets", "factors", "coefficients", "error", "norm", "widths"):
            arrays[f"{name} {part}"] = getattr(cp, part)
    return arrays


# ---------------------------------------------------------------- SGD


def add_sgd(name: str, problem: Problem, batch_size: int, **keywords: Any) -> None:
    """A run of ``simulate_sgd``; the batch size is given, since its default has changed."""

    @case(f"sgd {name}")
    def sgd() -> Arrays:
        given = {"batch_size": batch_size} | keywords
        run = call(cumulode.simulate_sgd, problem, start(problem), [0.0, 1.0, 3.0], **given)
        return run_arrays(run, "k2", "k4")


add_sgd("batch 1", NLGP_RING, 1)
add_sgd("batch 100", NLGP_RING, 100)
add_sgd("rate", NLGP_RING, 10, learning_rate=0.05)
add_sgd("ising 1", ISING_RING, 1)
add_sgd("ising 100", ISING_RING, 100)
add_sgd("covariances", WRAPPED, 1)
add_sgd("Gaussian", NLGP_RING.gaussian_control(), 10)
add_sgd("torus", TORUS, 10)
add_sgd("relu", Problem(NLGP(np.inf, 2.0), Ising(t=0.3), 24, "relu", bias=-0.8), 10)
add_sgd("seeds", NLGP_RING, 10, seeds=[0, 5])
add_sgd("conventions", NLGP_RING, 1, conventions="ingrosso-goldt")


def network_arrays(run: Any) -> Arrays:
    """Of a network, or of a convolutional one."""
    return run_arrays(run, "bias", "readout", "k2", "k4", "width", "centre", "loss", "accuracy")


@case("network committee")
def _committee() -> Arrays:
    run = call(
        cumulode.simulate_network, NLGP_RING, hidden=4, t_eval=[0.0, 2.0], batch_size=10, n_test=100, seeds=[0, 1]
    )
    return network_arrays(run)


@case("network two layers")
def _two_layers() -> Arrays:
    given = {"architecture": "two-layer", "loss": "cross-entropy", "labels": (0, 1), "n_test": 100, "batch_size": 1}
    return network_arrays(call(cumulode.simulate_network, ISING_RING, hidden=4, t_eval=[0.0, 1.0], **given))


@case("network torus")
def _torus_network() -> Arrays:
    return network_arrays(cumulode.simulate_network(TORUS, hidden=2, t_eval=[0.0, 1.0], batch_size=10, n_test=100))


@case("convolutional")
def _convolutional() -> Arrays:
    given = {"filters": 4, "filter_size": 9, "t_eval": [0.0, 1.0], "batch_size": 5, "n_test": 50}
    return network_arrays(cumulode.simulate_convolutional(NLGP_RING, **given))


@case("convolutional readout")
def _convolutional_readout() -> Arrays:
    given = {"filters": 2, "readout": "full", "t_eval": [0.0, 1.0], "batch_size": 5, "n_test": 50}
    return network_arrays(cumulode.simulate_convolutional(NLGP_RING, **given))


def add_network_flow(name: str, **keywords: Any) -> None:
    """A flow of ``solve_network``."""

    @case(f"network flow {name}")
    def flow() -> Arrays:
        w0 = np.stack([start(NLGP_RING, seed, 0.1) for seed in range(3)])
        run = cumulode.solve_network(NLGP_RING, w0, [0.0, 1.0, 4.0], [-1.0, 0.0, 1.0], **keywords)
        return {name: getattr(run, name) for name in ("t", "w", "bias", "ipr", "norm", "error")}


add_network_flow("taylor")
add_network_flow("trained", trained_biases=True)
add_network_flow("mean field", closure="mean-field")


# ---------------------------------------------------------------- comparisons, maps, claims


@case("compare")
def _compare() -> Arrays:
    c = cumulode.compare(NLGP_RING, start(NLGP_RING), [0.0, 2.0, 4.0], seeds=3, batch_size=10, learning_rate=0.02)
    arrays = {f"theory {k}": v for k, v in run_arrays(c.theory).items()}
    arrays |= {f"sgd {k}": v for k, v in run_arrays(c.sgd).items()}
    return arrays | {"verdicts": np.array([c.verdict(quantity) for quantity in ("ipr", "norm")])}


def numbers_of(dataset: Any) -> Arrays:
    """The variables and coordinates of a dataset that are numbers."""
    return {str(name): v.values for name, v in dataset.variables.items() if v.dtype.kind in "biuf"}


@case("phase diagram")
def _phase() -> Arrays:
    axes = {"gain": [0.5, 3.0], "xi_plus": [1.0, 2.0]}
    return numbers_of(call(cumulode.phase_diagram, NLGP_RING, axes, seeds=2, time=20.0, points=11, validity="full"))


@case("phase diagram with SGD")
def _phase_sgd() -> Arrays:
    given = {"seeds": 1, "time": 2.0, "points": 5, "simulate": True, "batch_size": 10}
    return numbers_of(call(cumulode.phase_diagram, ISING_RING, {"t_plus": [0.5, 0.7]}, **given))


@case("boundary")
def _boundary() -> Arrays:
    given = {"seeds": 1, "time": 20.0, "scan": 4, "accuracy": 1e-3}
    return numbers_of(call(cumulode.boundary, NLGP_RING, "xi_plus", (0.4, 2.0), {"gain": [3.0]}, **given))


@case("claim")
def _claim() -> Arrays:
    with tempfile.TemporaryDirectory() as out:
        found = cumulode.reproduce("cumulant", quick=True, out=out)
    return {"numbers": [number.value for finding in found.findings for number in finding.numbers]}


# ---------------------------------------------------------------- receptive fields, formulas


def bumps(centres: list[float], size: int = 24) -> np.ndarray:
    """Fields of one hump each."""
    d = (np.arange(size) - np.array(centres)[:, None] + size / 2) % size - size / 2
    return np.exp(-(d**2) / 8)


@case("receptive fields")
def _fields() -> Arrays:
    fields, filters = bumps([2.0, 9.5, 17.0]), -bumps([12.0, 20.0, 4.0, 7.0])
    match = cumulode.match_fields(fields, filters)
    arrays = {name: getattr(match, name) for name in ("aligned", "assignment", "correlation", "correlations")}
    arrays |= {f"{name} of one": getattr(cumulode, name)(fields) for name in ("ipr", "width", "centre")}
    arrays["dominant wavenumber"] = cumulode.dominant_wavenumber(fields)
    arrays["aligned by hand"] = cumulode.align(fields[0], fields[1])[0]
    for name, size, centres in (("ring", 24, [2.0, 9.5, 17.0]), ("torus", (8, 8), [[1, 1], [5, 6], [2, 6]])):
        tiles = cumulode.tiling(centres, size)
        arrays |= {
            f"{name} {part}": getattr(tiles, part) for part in ("counts", "largest", "p", "critical", "combined")
        }
    return arrays


@case("check")
def _check() -> Arrays:
    formulas = (("asin(q*c)/asin(q)", "nlgp.second"), ("2*asin(q*c)/pi", "nlgp.second"))
    results = [cumulode.check(mine, against) for mine, against in formulas]
    return digest(*(f"{r.kind} {r.factor} {r.understood}" for r in results))


@case("derive")
def _derive() -> Arrays:
    d = cumulode.derive("flow")
    return digest(*(f"{step.label} {step.lhs} = {step.rhs}" for step in d.steps))


def main() -> int:
    """Compute the cases named (default: all) and write their arrays, with the seconds that each took."""
    path, names = Path(sys.argv[1]), sys.argv[2:] or list(CASES)
    warnings.simplefilter("ignore", cumulode.SolveWarning)  # taylor may blow up: so must both
    arrays: Arrays = {}
    for name in names:
        began = time.perf_counter()
        arrays |= {f"{name}/{key}": np.asarray(value) for key, value in CASES[name]().items()}
        print(f"{name}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    np.savez(path, **arrays)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
