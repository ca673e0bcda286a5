"""Covariance of one step of SGD from second and fourth cumulants (theory.md section 7)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.check_input import check_problem, check_weights
from cumulode.numerics.compile.closure_kernels import square_kernel
from cumulode.numerics.compile.generated.noise import squared_entry
from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.numerics.compile.signatures import square_t
from cumulode.numerics.contraction.form import contract
from cumulode.numerics.flow.plan import Forms, cumulant_data, make_plan
from cumulode.numerics.flow.right_hand_side import UNDEFINED, class_cumulants, class_t
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.options import either

#: Nodes a panel: the squared force varies twice as fast as the force.
NODES = 80
#: Closer to two points than this (in kappa + 2) T/h_3 is 0/0; its terms, of the order of the root, are left out.
TWO_POINTS = 1e-9
#: Below this k2 the noise is that at w = 0, to rounding.
SMALL = 1e-40


class NoiseData(NamedTuple):
    """One class: as in a right-hand side; C (D, D); row j: K(e_j,e_j,e_j); site j - i of the pair (i, j)."""

    own: Any
    second: np.ndarray
    cubes: np.ndarray


noise_t = types.NamedTuple((class_t, matrix, matrix), NoiseData)


@kernel
def second_slices(w, data, out, work):  # type: ignore[no-untyped-def]
    """Set ``out`` (D, D) to K(w,w), by ``K(w + h e_j)^3 - K(w - h e_j)^3 = 6 h K(w,w,e_j) + 2 h^3 K(e_j,e_j,e_j)``."""
    size, h = w.size, 0.0
    for i in range(size):
        h = max(h, abs(w[i]))
    moved, up, down = work[0], work[1], work[2]
    moved[:] = w
    for j in range(size):
        moved[j] = w[j] + h
        contract(moved, up, data.own.tables, data.own.scratch)
        moved[j] = w[j] - h
        contract(moved, down, data.own.tables, data.own.scratch)
        moved[j] = w[j]
        for i in range(size):
            out[j, i] = (up[i] - down[i]) / (6.0 * h) - h * h * data.cubes[j, i] / 3.0


@kernel
def add_noise(w, data, square, bias, rule, out, slices, work):  # type: ignore[no-untyped-def]
    """Add ``p E[F^2 x x^T]`` of one class to ``out`` (D, D); flags."""
    size, own = w.size, data.own
    k2, k4 = class_cumulants(w, own)
    g0, g2, g4, g6, flag = square(k2, k4, own.label, bias, rule)
    if k2 < SMALL:
        for i in range(size):
            for j in range(size):
                out[i, j] += own.prior * g0 * data.second[i, j]
        return flag
    if own.tables.nonzero:
        second_slices(w, data, slices, work)
    else:
        slices[:] = 0.0
    kappa = k4 / (k2 * k2)
    if kappa + 2.0 < TWO_POINTS:
        g4, g6 = 0.0, 0.0
    u, T = work[0], work[1]
    for i in range(size):
        u[i] = own.cw[i] / math.sqrt(k2)
        T[i] = (own.kwww[i] / k2 - kappa * own.cw[i]) / math.sqrt(k2)
    for i in range(size):
        for j in range(size):
            K = 0.5 * (slices[i, j] + slices[j, i]) / k2
            entry = squared_entry(g0, g2, g4, g6, data.second[i, j], K, u[i], u[j], T[i], T[j])
            out[i, j] += own.prior * entry
    return flag


@kernel
def noise_matrix(w, drift, classes, square, bias, rule, out, slices, work):  # type: ignore[no-untyped-def]
    """Set ``out`` (D, D) to ``sum_y p_y E_y[F^2 x x^T] - f f^T``; flags. ``drift``: f at ``w``; ``work`` (3, D)."""
    flags = 0
    out[:] = 0.0
    for data in classes:
        flags |= add_noise(w, data, square, bias, rule, out, slices, work)
    for i in range(w.size):
        for j in range(w.size):
            out[i, j] -= drift[i] * drift[j]
    return flags


noise_matrix_sig = i8(vector, vector, types.UniTuple(noise_t, 2), square_t, f8, matrix, matrix, matrix, matrix)


def noise_data(problem: Problem, forms: Forms) -> tuple[NoiseData, NoiseData]:
    """Both classes, plus first; scratch is fresh."""
    plus, minus = (_class_noise(own, problem.shape) for own in cumulant_data(problem, forms).classes)
    return plus, minus


def _class_noise(own: Any, shape: tuple[int, ...]) -> NoiseData:
    site = np.zeros(math.prod(shape))
    site[0] = 1.0
    class_cumulants(site, own)  # leaves C e_0 and K(e_0,e_0,e_0), of which all others are translates
    return NoiseData(own, translates(own.cw, shape), translates(own.kwww, shape))


def translates(row: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Row j: ``row`` moved by site j, (D, D), on a ring or torus."""
    axes, field = tuple(range(len(shape))), row.reshape(shape)
    return np.stack([np.roll(field, place, axes).ravel() for place in np.ndindex(shape)])


class Covariance:
    """``w -> N(w)``, (D,) -> (D, D), of one problem and closure; not for several threads at once."""

    def __init__(self, problem: Problem, solver: Solver) -> None:
        self._problem, self._plan = problem, make_plan(problem, solver)
        self._data, self._classes = self._plan.data(), noise_data(problem, self._plan.forms())
        self._square, self._rule = square_kernel(str(problem.activation)), gauss_legendre(NODES)
        self._kernel = compiled(noise_matrix, noise_matrix_sig)

    def __call__(self, w: np.ndarray) -> np.ndarray:
        """N at ``w``; NaN where the closure is not defined."""
        size = w.size
        drift, N = np.empty(size), np.empty((size, size))
        flags = self._plan.rhs(w, drift, self._data, self._plan.law)
        work = np.empty((size, size)), np.empty((3, size))
        flags |= self._kernel(w, drift, self._classes, self._square, self._problem.bias, self._rule, N, *work)
        if flags & UNDEFINED:
            N[:] = np.nan
        return N


@either(solver=("closure",))
def noise_covariance(
    problem: Problem, w: Any, closure: str = "regression", *, solver: Solver | None = None
) -> np.ndarray:
    """Covariance N of ``F x`` over the data, the noise of SGD: one step scatters by ``eta^2 N / batch``.

    ``N = sum_y p_y E_y[F_y^2 x x^T] - f f^T`` with the averages of :mod:`cumulode.theory.closures.force_square`: from
    second and fourth cumulants, the preactivation's law Pearson's. From a kurtosis of 5/4 on, where moments are
    missing, what the third cumulant says of the input's mean is left out. Deltas of a force that jumps are counted.

    Parameters
    ----------
    problem : Problem
    w : (D,) or (n, D) array
        Weights, finite.
    closure : str
        Of the drift f that is subtracted; any that :func:`cumulode.drift` takes.
    solver : Solver, optional
        Closure and accuracy of the fourth cumulant, in its place.

    Returns
    -------
    (D, D) or (n, D, D) array, symmetric
        Per unit of ``eta^2`` for one sample a step; time is learning rate x steps, so that weights gather the
        covariance ``s N`` a unit of time, ``s = eta / batch``.

    Raises
    ------
    InvalidArgument
        Naming ``problem``, ``w``, ``closure`` or ``solver``; ``w`` where the closure is not defined there.
    """
    solver = choose(solver, FLOW, closure=closure)
    check_problem(problem)
    rows = check_weights("w", w, problem.shape)
    covariance = Covariance(problem, solver)
    matrices = np.stack([covariance(row) for row in np.atleast_2d(rows)])
    if not np.all(np.isfinite(matrices)):
        where = f"largest |w_i| = {np.abs(rows).max():.3g}, where closure {solver.closure!r} is not defined"
        raise InvalidArgument("w", Described(where), "smaller weights, or another closure")
    return matrices.reshape(*rows.shape, problem.size)
