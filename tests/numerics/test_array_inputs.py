"""Arrays as users have them: every kind of real numbers gives what a list gives, every other kind is refused, and what
came is as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cumulode import (
    NLGP,
    Cumulants,
    InvalidArgument,
    Problem,
    align,
    centre,
    compare,
    drift,
    ipr,
    match_fields,
    network_drift,
    potential,
    simulate_network,
    simulate_sgd,
    solve,
    tiling,
    validity,
    width,
)
from cumulode.numerics import preactivation_cumulants
from cumulode.validation import norm, power_spectrum

P = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12)
W = 0.01 + 0.001 * np.arange(12.0)
C = np.eye(1, 12)[0]


def read_only(array):
    array = np.array(array)
    array.setflags(write=False)
    return array


#: A column of numbers in every form that is an array of real numbers.
REAL = {
    "read-only": read_only,
    "Series": lambda w: pd.Series(w, index=range(5, 5 + len(w))),
    "column": lambda w: pd.DataFrame({"w": w})["w"],
    "nullable": lambda w: pd.Series(w, dtype="Float64"),
    "DataArray": lambda w: xr.DataArray(w),
    "tuple": tuple,
    "NumPy's scalars": lambda w: list(np.asarray(w)),
    "strided": lambda w: np.repeat(w, 2)[::2],
    "big-endian": lambda w: np.asarray(w).astype(">f8"),
    "objects": lambda w: np.asarray(w).astype(object),
    "nothing masked": lambda w: np.ma.masked_array(w),
}
NOT_REAL = {
    "complex": lambda w: np.asarray(w) + 0j,
    "truth values": lambda w: np.asarray(w) > 0.015,
    "masked": lambda w: np.ma.masked_greater(w, 0.015),
    "dates": lambda w: np.arange(len(w)).astype("M8[s]"),
    "spans of time": lambda w: np.arange(len(w)).astype("m8[s]"),
    "text": lambda w: [str(x) for x in w],
    "bytes": lambda w: b"abc",
    "ragged": lambda w: [[1.0, 2.0], [3.0]],
    "records": lambda w: np.zeros(len(w), dtype=[("a", float)]),
    "dict": lambda w: {},
    "set": lambda w: {1.0, 2.0},
    "generator": lambda w: (x for x in w),
    "beyond doubles": lambda w: [10**400] * len(w),
    "an entry that is nothing": lambda w: [None, *w[1:]],
}
#: function of an array (D,), or of times; the values that are given
TAKES = {
    "solve": (lambda w: solve(P, w, [0.0, 1.0]).w, W),
    "solve, times": (lambda t: solve(P, W, t).w, np.array([0.0, 0.5, 1.0])),
    "Solution()": (lambda t: solve(P, W, [0.0, 1.0])(t), np.array([0.0, 0.5])),
    "simulate_sgd": (lambda w: simulate_sgd(P, w, [0.0, 0.02]).w, W),
    "compare": (lambda w: compare(P, w, [0.0, 0.02], seeds=2, batch_size=2, population=None).sgd.w, W),
    "drift": (lambda w: drift(P)(w), W),
    "network_drift": (lambda b: network_drift(P)(np.ones((2, 12)), b), np.array([0.3, -0.3])),
    "potential": (lambda w: potential(P, w), W),
    "preactivation_cumulants": (lambda w: np.stack(preactivation_cumulants(P, w)), W),
    "simulate_network": (lambda b: simulate_network(P, 2, biases=b, t_eval=[0.0, 0.02], n_test=2).w, np.array([0.3, -0.3])),
    "validity, times": (lambda t: validity(P, np.stack([W, 2 * W]), t=t).delta, np.array([0.0, 1.0])),
    "Cumulants": (lambda c: Cumulants(c, np.zeros((7, 7, 7))).second, C),
    **{f.__name__: (f, W) for f in (ipr, norm, width, centre, power_spectrum)},
    "align": (lambda w: align(w, W[::-1])[0], W),
    "tiling": (lambda w: tiling(w, 12).p, W),
}  # fmt: skip
ROWS = {
    "validity": lambda w: validity(P, w).rho,
    "match_fields": lambda w: match_fields(w, w[::-1] if isinstance(w, np.ndarray) else w).correlation,
}


@pytest.mark.parametrize("name", TAKES)
def test_all_kinds_of_real_numbers_are_one(name):
    """Assert the result of a list to the bit, and what was given as it was."""
    function, values = TAKES[name]
    expected = function(list(values))
    for kind, make in REAL.items():
        given = make(values)
        before = np.array(np.asarray(given), dtype=float)
        np.testing.assert_array_equal(function(given), expected, err_msg=kind)
        np.testing.assert_array_equal(np.asarray(given, dtype=float), before, err_msg=kind)


@pytest.mark.parametrize("name", ROWS)
def test_so_are_rows(name):
    """Assert the same of two rows, read-only, in Fortran's order and in a DataFrame."""
    rows = np.stack([W, np.roll(W**2, 3)])
    expected = ROWS[name](np.array(rows))
    for given in (read_only(rows), np.asfortranarray(rows)):
        np.testing.assert_array_equal(ROWS[name](given), expected)
    if name == "validity":
        np.testing.assert_array_equal(validity(P, pd.DataFrame(rows)).rho, expected)


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("kind", NOT_REAL)
def test_other_arrays_are_refused_in_one_line(name, kind):
    """Assert InvalidArgument, of one line."""
    function, values = TAKES[name]
    with pytest.raises(InvalidArgument, match=r"^\w+: got [^\n]*, allowed: [^\n]*$"):
        function(NOT_REAL[kind](values))
