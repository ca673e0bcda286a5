"""What flows, contractions and cumulants refuse: one line, with the argument's name in front and what is allowed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cumulode.numerics import (
    Solver,
    drift,
    fourth_cumulant,
    potential,
    preactivation_cumulants,
    second_cumulant,
    solve,
)
from cumulode.numerics.contraction import ordered_gap, pair_form
from cumulode.numerics.flow import conditional
from cumulode.theory import GP, NLGP, Ising, Problem

ISING = Problem(Ising(t=0.7), Ising(t=0.3), 16, bias=-1.0)
SMALL = Problem(ISING.plus, ISING.minus, 8)
FIELD = Problem(NLGP(3.0, 1.6), NLGP(3.0, 0.6), 16, bias=-1.0)
LONG = Problem(NLGP(3.0, 200.0), NLGP(3.0, 1.0), 3000)
LAW = NLGP(1.0, 0.5)
W = 0.02 * np.arange(1.0, 17.0)


def flow(problem=ISING, w0=W, t_eval=(0.0, 1.0), **options):
    return solve(problem, w0, t_eval, **options)


def exact(*laws, activation="erf"):
    return drift(Problem(*laws, size=8, activation=activation), "exact")


#: (name, what follows it in the message, arguments of ``flow``)
FLOWS = [
    *(("problem", "", {"problem": p}) for p in (None, [], [ISING, SMALL], ISING.plus)),
    *(
        ("w0", "", {"w0": v})
        for v in (np.ones(15), np.full(16, np.nan), "abc", 1.0, np.ones((2, 2, 16)), 1j * W, [W, 1.0])
    ),
    ("w0", "got 3 starts for 2 problems", {"problem": [ISING, FIELD], "w0": np.ones((3, 16))}),
    *(("t_eval", "", {"t_eval": v}) for v in ([], [1.0, 1.0], [2.0, 1.0], [-1.0, 0.0], [0.0, math.inf])),
    *(("t_eval", "", {"t_eval": v}) for v in ([[0.0, 1.0]], "now", None)),
    *(("closure", "", {"closure": v}) for v in ("tayler", "tree:-1", "taylor-4", "taylor-3", None, 5)),
    ("closure", "", {"problem": FIELD, "closure": "exact"}),
    *(("rtol", "", {"rtol": v}) for v in (0.0, 1e-15, 1.0, -1e-6, math.nan, "small", None, True)),
    *(("atol", "", {"atol": v}) for v in (0.0, -1.0, math.inf, math.nan, "small")),
    *(("tolerance", "", {"tolerance": v}) for v in (-1e-3, 1.0, math.nan, "small")),
    *(("solver", "", {"solver": v}) for v in ("regression", {"closure": "tree"})),
    ("solver", ".*one of solver and closure", {"solver": Solver("pearson"), "closure": "gaussian"}),
    ("solver", ".*one of solver and closure", {"solver": Solver("pearson"), "closure": "regression"}),  # a default
    ("solver", ".*one of solver and tolerance", {"solver": Solver(), "tolerance": 1e-4}),
    ("rtol", "", {"rtol": np.ones(2), "solver": Solver()}),
    *(("stop", ".*Event or None", {"stop": v}) for v in (3, "x", True)),
    ("executor", "", {"executor": 2}),
    ("progress", "", {"progress": "bar"}),
]

CASES = [
    *((f"{name}: {words or 'got'}", lambda arguments=arguments: flow(**arguments)) for name, words, arguments in FLOWS),
    *(("max_step: got", lambda v=v: Solver(max_step=v)) for v in (0.0, -1.0, math.nan, "long")),
    ("contraction: got 'no such', allowed: one of auto, ", lambda: Solver(contraction="no such")),
    *(
        (r"closure: got .*tree:CHI \(0 <= CHI < inf\)", lambda v=v: Solver(v))
        for v in ["tree:", "tree:-1", "tree:nan", "tree:inf", "tree:1e999", "tree:1 ", "tree: 1", "tree:_1", "tree2"]
    ),
    ("problem: got", lambda: drift("ring")),
    ("w: got shape", lambda: drift(ISING)(np.ones(3))),
    (r"w: got largest \|w_i\| = .*allowed: smaller weights", lambda: drift(ISING, "exact")(1e6 * W)),
    (r"w: got largest \|w_i\| = 1e\+160, allowed: weights up to 1e\+70", lambda: drift(FIELD)(1e160 * np.ones(16))),
    ("closure: got 'exact' .*only where both classes are Ising", lambda: exact(NLGP(3.0, 1.0), Ising(t=0.3))),
    ("closure: got 'exact' .*only where both classes are Ising", lambda: exact(Ising(t=0.3), GP(Ising(t=0.3)))),
    ("closure: got 'exact' .*only for smooth", lambda: exact(ISING.plus, ISING.minus, activation="relu")),
    ("closure: got 'exact' .*only for smooth", lambda: exact(ISING.plus, ISING.minus, activation="Abs(h - 1)")),
    ("closure: got 'conditional', allowed: .*'regression'", lambda: conditional.marginal("a law given by arrays")),
    ("closure: got 'regression', allowed: a gradient closure: taylor", lambda: potential(ISING, W, "regression")),
    ("closure: got 'conditional', allowed: a gradient closure", lambda: potential(ISING, W, "conditional")),
    ("closure: got 'tayler'", lambda: potential(ISING, W, "tayler")),
    ("tolerance: got 1", lambda: potential(ISING, W, "tree", 1)),
    ("w: got", lambda: preactivation_cumulants(ISING, np.ones(3))),
    *(("w: got", lambda v=v: preactivation_cumulants(ISING, v)) for v in (1.0, "weights", 1j * W, [[1.0], 2.0])),
    ("tolerance: got None", lambda: potential(ISING, W, "tree", None)),
    # contractions
    ("size: got 3000, .*shorter correlation", lambda: drift(LONG, solver=Solver(contraction="sorted-list"))),
    *(
        (f"size: got {size}, allowed: .*'auto' takes another", lambda a=(law, size, tol): ordered_gap.ordered_gap(*a))
        for law, size, tol in (
            (NLGP(3.0, 2.0), 11, 1e-3),
            (NLGP(3.0, 2.0), 16, 1e-8),
            (NLGP(3.0, 300.0), 5000, 1e-3),
        )
    ),
    ("tolerance: got 0.0, allowed: 1e-11 or more", lambda: ordered_gap.ordered_gap(NLGP(3.0, 2.0), 40, 0.0)),
    ("size: got", lambda: pair_form.pair_form(NLGP(3.0, 20.0, "wrapped"), (64, 64), 1e-3)),
    ("size: got", lambda: pair_form.pair_form(NLGP(3.0, 300.0, "wrapped"), (1000,), 1e-3)),
    ("size: got", lambda: pair_form.pair_form(NLGP(3.0, 1.0), (4, 5), 1e-3)),
    ("xi: got", lambda: pair_form.pair_form(NLGP(3.0, 4.0), (8,), 1e-3)),
    ("tolerance: got 0.0", lambda: pair_form.pair_form(NLGP(3.0, 1.0), (20,), 0.0)),
    ("tolerance: got nan", lambda: pair_form.pair_form(NLGP(3.0, 1.0), (20,), math.nan)),
    # cumulants
    *(
        ("offsets: got", lambda v=v: fourth_cumulant(LAW, v))
        for v in ([(0, 0)], [(0, 0, 0.5)], "abc", [(0, 0, math.nan)])
    ),
    ("offsets: got", lambda: fourth_cumulant(LAW, [[0, 1, 2]], (8, 8))),
    ("offsets: got", lambda: fourth_cumulant(LAW, np.zeros((2, 3, 2), int), 8)),
    ("offsets: got", lambda: fourth_cumulant(LAW, np.zeros((2, 3, 3), int))),
    ("size: got 3", lambda: fourth_cumulant(LAW, (0, 0, 0), size=3)),
    ("xi: got 9", lambda: fourth_cumulant(NLGP(1.0, 9.0), (0, 0, 0), size=20)),
    ("law: got 'NLGP'", lambda: fourth_cumulant("NLGP", (0, 0, 0))),
    ("size: got 2.5", lambda: second_cumulant(Ising(t=0.5), 2.5)),
    ("xi: got 30", lambda: second_cumulant(NLGP(1.0, 30.0, "wrapped"), 20)),
    ("xi: got 4", lambda: second_cumulant(NLGP(1.0, 4.0), (20, 20))),
    *(
        (r"size: got .*allowed: an integer from 4 to 100000000 \(a ring\) or \(L, L\)", lambda call=call, v=v: call(v))
        for v in ((8, 9), (3, 3), (8, 8, 8), (8.0, 8.0), [8, 8], "8x8", (True, True), ())
        for call in (lambda v: second_cumulant(LAW, v), lambda v: fourth_cumulant(LAW, [0] * 3, v))
    ),
    *(
        ("size: got .*an integer from 4 to 100000000 ", lambda v=v: second_cumulant(LAW, v))
        for v in (10**30, (10**5, 10**5))
    ),
    *(
        (words, lambda call=call, law=law: call(law))
        for law in (Ising(t=0.5), GP(Ising(t=0.5)))
        for words, call in (
            (r"size: got \(8, 8\), allowed: an integer, a ring, for Ising", lambda law: second_cumulant(law, (8, 8))),
            (r"size: got \(8, 8\)", lambda law: fourth_cumulant(law, np.zeros((1, 3, 2), int), (8, 8))),
            (
                r"offsets: got two dimensions, allowed: \(n, 3\) for Ising",
                lambda law: fourth_cumulant(law, np.zeros((1, 3, 2), int)),
            ),
        )
    ),
]


@pytest.mark.parametrize(("message", "call"), CASES, ids=[message for message, _ in CASES])
def test_bad_input_is_refused_in_one_line(message, call):
    """Assert the argument's name, what came and what is allowed."""
    with pytest.raises(ValueError, match=f"^{message}.*") as caught:
        call()
    assert "allowed: " in str(caught.value)
    assert "\n" not in str(caught.value)


OLD = [
    ("contraction is now solver=Solver", lambda: drift(FIELD, contraction="pair-form")),
    ("contraction is now solver=Solver", lambda: preactivation_cumulants(FIELD, W, contraction="pair-form")),
    ("max_step is now solver=Solver", lambda: flow(max_step=0.5)),
    ("contraction is now solver=Solver", lambda: flow(FIELD, contraction="pair-form", closure="pearson")),
]


@pytest.mark.parametrize(("message", "call"), OLD, ids=[message for message, _ in OLD])
def test_old_names_work_and_warn(message, call):
    """Assert a warning that says the new name, and a result."""
    with pytest.warns(FutureWarning, match=message):
        assert call() is not None


def test_an_old_name_with_a_wrong_call_is_refused_as_python_does():
    """Assert that the error names the function and its argument."""
    with (
        pytest.warns(FutureWarning, match="max_step"),
        pytest.raises(TypeError, match=r"solve\(\) got .* argument 'no_such'"),
    ):
        flow(max_step=0.5, no_such=1)


def test_without_a_tolerance_a_function_takes_its_own():
    """Assert the default of flows for None, as a keyword and in a solver."""
    taken = [flow(**options) for options in ({"tolerance": None}, {"solver": Solver()}, {})]
    assert {solution.provenance["tolerance"] for solution in taken} == {1e-3}
