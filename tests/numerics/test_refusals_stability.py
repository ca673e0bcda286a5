"""What stability, networks and decompositions refuse: one line, with the argument's name in front."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cumulode.numerics import (
    Solver,
    convolutional_cp,
    critical_line,
    critical_value,
    growth_rates,
    network_drift,
    solve_network,
    stationary_state,
    validity,
)
from cumulode.theory import GP, NLGP, Ising, Problem

NEURON = Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 100, bias=-1.0)
SMALL = Problem(Ising(t=0.7), Ising(t=0.3), 8, bias=-0.8, prior=0.4)
RELU = Problem(Ising(t=0.7), Ising(t=0.3), 8, activation="relu", bias=0.0)
LAW = NLGP(gain=3.0, xi=1.0)
W = np.ones((3, 8))
GAINS = (0.1, 20)


def committee(**change):
    given = {"problem": SMALL, "w0": np.full((2, 8), 0.1), "t_eval": [0.0, 1.0], "biases": [-1.0, 1.0]}
    return solve_network(**given | change)


def decomposed(law=LAW, rank=2, **options):
    return convolutional_cp(law, rank, **options)


CASES = [
    (r"bias: got 0\.0, allowed: .*kinks", lambda: growth_rates(RELU)),
    ("problem: got", lambda: growth_rates("ring")),
    ("k: got 51", lambda: stationary_state(NEURON, k=51)),
    ("problem: got", lambda: stationary_state("ring")),
    ("solver: got", lambda: stationary_state(SMALL, "pearson", solver=Solver("tree"))),
    ("axis: got 'size'", lambda: critical_value(NEURON, "size", (10, 20))),
    ("axis: got 'gian'.*; did you mean 'gain'", lambda: critical_value(NEURON, "gian", (1, 20))),
    (r"between: got .*low > 0", lambda: critical_value(NEURON, "gain", (0.0, 20))),
    ("criterion: got 'energy'", lambda: critical_value(NEURON, "gain", GAINS, "energy")),
    ("closure: got 'none'", lambda: critical_value(NEURON, "gain", GAINS, closure="none")),
    ("scan: got 1, allowed: an integer from 2 to 100000", lambda: critical_value(NEURON, "gain", GAINS, scan=1)),
    ("solver: got 3", lambda: critical_value(NEURON, "gain", GAINS, solver=3)),
    ("along: got", lambda: critical_line(NEURON, "gain", GAINS, {"gain": [1.0]})),
    ("along: got", lambda: critical_line(NEURON, "gain", GAINS, {"prior": [[0.1, 0.2], [0.3]]})),
    ("along: got 't_plus'", lambda: critical_line(NEURON, "gain", GAINS, {"t_plus": [0.1]})),
    ("axis: got 't_plus'", lambda: critical_value(NEURON, "t_plus", (0.1, 0.2))),
    *(("k: got", lambda k=k: stationary_state(NEURON, k=k)) for k in ([[1.0, 2.0], [3.0]], 1.0, "1", True, [1, 2], {})),
    ("executor: got 2", lambda: critical_line(NEURON, "gain", GAINS, {"bias": [-1.0]}, executor=2)),
    ("w: got", lambda: validity(SMALL, np.ones((3, 7)))),
    ("closure: got 'none'", lambda: validity(SMALL, W, "none")),
    ("problem: got 'ring'", lambda: validity("ring", W)),
    ("tolerance: got 2.0", lambda: validity(SMALL, W, tolerance=2.0)),
    ("t: got 2 times, allowed: the 3 times of w", lambda: validity(SMALL, W, t=[0.0, 1.0])),
    ("executor: got 'threads'", lambda: validity(SMALL, W, executor="threads")),
    ("tolerance: got 1", lambda: network_drift(SMALL, 1)),
    ("closure: got 'exact'", lambda: committee(closure="exact")),
    ("biases: got", lambda: committee(biases=[1.0, 2.0, 3.0])),
    ("biases: got", lambda: committee(biases=[math.nan, 0.0])),
    ("w0: got", lambda: committee(w0=np.zeros((2, 5)))),
    ("trained_biases: got 2", lambda: committee(trained_biases=2)),
    ("t_eval: got", lambda: committee(t_eval=[1.0, 0.5])),
    ("rtol: got 0", lambda: committee(rtol=0)),
    ("progress: got 'bar'", lambda: committee(progress="bar")),
    ("trained_biases: got True", lambda: committee(closure="mean-field", trained_biases=True)),
    ("biases: got a mean output of", lambda: committee(closure="mean-field", biases=[-1.0, 0.5])),
    ("biases: got .*kinks of relu", lambda: committee(problem=RELU, biases=0.0)),
    ("law: got .*no fourth cumulant", lambda: decomposed(GP(LAW))),
    ("law: got 'nlgp'", lambda: decomposed("nlgp")),
    ("law: got .*xi up to 29", lambda: decomposed(NLGP(gain=1.0, xi=60.0))),
    ("rank: got 0, allowed: an integer from 1 to 222", lambda: decomposed(rank=0)),
    ("rank: got 2.0", lambda: decomposed(rank=2.0)),
    ("rank: got 500, allowed: an integer from 1 to 222", lambda: decomposed(rank=500)),
    ("half_width: got 0", lambda: decomposed(half_width=0)),
    ("starts: got 0", lambda: decomposed(starts=0)),
    ("seed: got -1", lambda: decomposed(seed=-1)),
    ("w: got", lambda: decomposed(rank=1, starts=1).cubic(np.ones(2))),
    ("offsets: got", lambda: decomposed(rank=1, starts=1).tensor([[0, 1]])),
]


@pytest.mark.parametrize(("message", "call"), CASES, ids=[message for message, _ in CASES])
def test_bad_input_is_refused_in_one_line(message, call):
    """Assert the argument's name, what came and what is allowed."""
    with pytest.raises(ValueError, match=f"^{message}.*") as caught:
        call()
    assert "allowed: " in str(caught.value)
    assert "\n" not in str(caught.value)


OLD = [
    ("points is now scan", lambda: critical_value(SMALL, "bias", (-2.0, 0.0), "linear", points=3)),
    ("points is now scan", lambda: critical_line(SMALL, "bias", (-2.0, 0.0), {"prior": [0.5]}, "linear", points=3)),
    ("contraction is now solver=Solver", lambda: stationary_state(SMALL, contraction="ordered-gap")),
    ("threads is now executor", lambda: validity(SMALL, W, threads=2)),
]


@pytest.mark.parametrize(("message", "call"), OLD, ids=[message for message, _ in OLD])
def test_old_names_work_and_warn(message, call):
    """Assert a warning that says the new name, and a result."""
    with pytest.warns(FutureWarning, match=message):
        assert call() is not None
