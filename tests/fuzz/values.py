"""What arguments are drawn from: small problems, weights, times, seeds in all their forms, and what is none of these."""

from __future__ import annotations

import decimal
import fractions
import threading
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import strategies as st

from cumulode import GP, NLGP, Cumulants, InvalidArgument, Ising, Problem, Sgd, Solver

INF, NAN = float("inf"), float("nan")
FULL = Cumulants(np.eye(1, 8)[0], np.zeros((8, 8, 8)))
ODD = Cumulants(
    np.eye(1, 12)[0], np.multiply.outer(np.multiply.outer(*[np.eye(1, 7, 3)[0]] * 2), np.eye(1, 7, 3)[0]) * -1.0
)

#: What hardly any argument takes, and what looks as if it might.
JUNK = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 1, 2, 3, 1.5, -0.0, NAN, INF, -INF, 1e308, 5e-324, 10**400, 2**63, 1 + 1j]),
    st.sampled_from(["", "x", "1", "nan", "erf", "auto", "\x1b[31m", "é" * 200, "a\nb", b"ab", "../no/such", "."]),
    st.sampled_from([np.float64(NAN), np.int8(3), np.bool_(True), np.datetime64("2020-01-01"), np.ma.masked, pd.NA, pd.NaT]),
    st.sampled_from([decimal.Decimal("0.5"), fractions.Fraction(1, 2), int, object(), len, NotImplemented, ..., range(3)]),
    st.builds(lambda: [[1.0, 2.0], [3.0]]),
    st.builds(lambda: {"a": 1}),
    st.builds(lambda: {1, 2}),
    st.sampled_from([[], (), [None], [NAN], [1, 2], (1, 2), (2, 1), [[]], ["a", "b"], (4, 4), (4, 5), (2, 2, 2)]),
    st.builds(lambda: np.zeros((0, 8))),
    st.builds(lambda: np.array(2)),
    st.builds(lambda: np.ones(8, complex)),
    st.builds(lambda: np.array([1, None, "a"], object)),
    st.builds(lambda: np.full((2, 8), NAN)),
    st.builds(lambda: np.ma.masked_greater(np.arange(8.0), 3)),
    st.builds(lambda: pd.DataFrame({"a": ["x", "y"]})),
    st.builds(lambda: xr.DataArray([1.0, 2.0], dims="x")),
    st.builds(lambda: np.arange(8).astype("M8[s]")),
    st.builds(threading.Event),
    st.sampled_from([Solver(), Sgd(), NLGP(1.0, 0.5), Ising(0.3), Problem(Ising(0.3), Ising(0.1), 6)]),
)  # fmt: skip


def number(low: float, high: float, *more: float) -> st.SearchStrategy[Any]:
    """A number from ``low`` to ``high``, both above 0 and equal in ratio, or one of ``more``; as Python's or NumPy's."""
    log = st.floats(np.log(low), np.log(high)).map(lambda x: float(np.exp(x)))
    values = st.one_of(log, st.sampled_from([low, high, *more]))
    return st.one_of(values, values.map(np.float64))


def whole(low: int, high: int) -> st.SearchStrategy[Any]:
    """An integer, as Python's or NumPy's."""
    return st.one_of(st.integers(low, high), st.integers(low, high).map(np.int32))


def in_some_form(array: np.ndarray) -> st.SearchStrategy[Any]:
    """The array as users have it."""

    def read_only() -> np.ndarray:
        copy = array.copy()
        copy.setflags(write=False)
        return copy

    forms = [lambda: array.copy(), lambda: array.tolist(), read_only, lambda: np.asfortranarray(array)]
    forms += [lambda: np.repeat(array, 2, axis=-1)[..., ::2], lambda: array.astype(">f8"), lambda: xr.DataArray(array)]
    if array.ndim == 1:
        forms += [lambda: pd.Series(array), lambda: tuple(array), lambda: np.ma.masked_array(array)]
    return st.sampled_from(forms).map(lambda form: form())


COVARIANCES = ("squared-exponential", "wrapped", "circular-exponential")
ACTIVATIONS = st.sampled_from(["erf", "erf", "erf", "relu", "h - h**3/6"])
CLOSURES = st.sampled_from(
    [
        "regression",
        "regression",
        "taylor",
        "gaussian",
        "edgeworth",
        "bimodal",
        "pearson",
        "tree",
        "conditional",
        "exact",
    ]
)
BIASES = st.one_of(st.floats(-2, 2), st.sampled_from([0, -1, 1e-300, 40.0, -1e6]))
PRIORS = st.one_of(st.just(0.5), st.floats(0.01, 0.99), st.sampled_from([1e-12, 1 - 1e-12]))


@st.composite
def laws(draw: Any, kinds: tuple[str, ...] = ("NLGP", "NLGP", "Ising", "GP")) -> Any:
    """A law that most small rings can have."""
    kind = draw(st.sampled_from(kinds))
    if kind == "Ising":
        return Ising(draw(st.one_of(st.floats(-0.9, 0.9), st.sampled_from([0.0, 0.999999, -0.5]))))
    if kind == "GP":
        return GP(draw(laws(("NLGP", "Ising"))))
    gain = draw(number(0.05, 30.0, INF, 1e-6, 1e9, 1))
    return NLGP(gain, draw(number(0.2, 1.0, 0.01, 1.3)), draw(st.sampled_from(COVARIANCES)))


@st.composite
def problems(draw: Any, torus: bool = True) -> Problem:
    """A problem of 4 to 16 sites."""
    size = draw(st.sampled_from([4, 5, 6, 8, 12, 12, *([(4, 4)] if torus else [])]))
    neuron = {"activation": draw(ACTIVATIONS), "bias": draw(BIASES), "prior": draw(PRIORS)}
    try:
        return Problem(draw(laws()), draw(laws()), size, **neuron)
    except InvalidArgument:  # of these laws there is none of this size; Problem itself is one of the calls
        return Problem(NLGP(2.0, 0.5), NLGP(2.0, 0.3), size, **neuron)


@st.composite
def fields(draw: Any, *shape: int) -> Any:
    """Weights of a shape: random, of any scale, or special."""
    random = np.random.default_rng(draw(st.integers(0, 99))).standard_normal(shape) / np.sqrt(shape[-1])
    scale = draw(st.one_of(number(1e-3, 3.0), st.sampled_from([0.1, 0.1, 1e-12, 30.0, 1e-200, 1e200])))
    special = [np.zeros(shape), np.ones(shape), np.zeros(shape) + np.eye(1, shape[-1])[0], np.ones(shape).cumsum(-1)]
    array = scale * draw(st.sampled_from([random, random, random, *special]))
    return draw(in_some_form(array))


def weights(problem: Problem) -> st.SearchStrategy[Any]:
    """One start, or a few."""
    D, square = problem.size, problem.shape
    return st.one_of(fields(D), fields(D), fields(2, D), fields(*square))


TIMES = st.lists(st.floats(0, 3), min_size=1, max_size=4, unique=True).map(sorted).map(np.array).flatmap(in_some_form)
SEEDS = st.one_of(st.integers(1, 3), st.sampled_from([[0, 5], (1, 2), np.array([3, 4]), range(2), pd.Series([1, 2])]))
TOLERANCES = st.one_of(st.just(1e-3), number(1e-10, 0.5), st.just(0))
EVENTS = st.builds(threading.Event)
PROGRESS = st.sampled_from([False, len, lambda share: None][::2])
SOLVERS = st.builds(
    Solver,
    closure=CLOSURES,
    rtol=number(1e-10, 1e-2),
    atol=number(1e-12, 1e-3),
    tolerance=st.one_of(st.none(), TOLERANCES),
    contraction=st.sampled_from(["auto", "auto", "ordered-gap", "pair-form", "sorted-list"]),
    max_step=st.one_of(st.just(INF), number(0.01, 10)),
    frozen_points=st.just(64),
)
RULES = st.builds(
    Sgd,
    learning_rate=st.one_of(number(0.01, 1.0), st.sampled_from([1e4, 0.01])),
    batch_size=st.integers(1, 20),
    conventions=st.sampled_from(["cumulode", "cumulode", "cumulode", "ingrosso-goldt"]),
)
