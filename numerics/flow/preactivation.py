"""What follows from weights: cumulants of the preactivation, and the potential that a gradient closure lowers."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_problem, check_size_of_weights, check_tolerance
from cumulode.numerics.compile.closure_kernels import coefficients_kernel, potential_kernel
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.numerics.contraction.form import Form
from cumulode.theory.closures.names import check_closure, is_gradient, tree_weight
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.arrays import real_array
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from . import tree
from .plan import class_forms, cumulant_data, tree_data
from .right_hand_side import many_cumulants, many_cumulants_sig
from .solver import EXACT, FLOW, Solver, choose

#: Error of K from rounding, relative in its norm, which every method has.
ROUNDING = 1e-15


@renamed_arguments({"contraction": ("solver", Solver, ("tolerance",))}, last="contraction")
@either(solver=("tolerance",))
def preactivation_cumulants(
    problem: Problem, w: Any, tolerance: float = 1e-3, *, solver: Solver | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Second and fourth cumulant of ``w.x`` in each class, plus first.

    Parameters
    ----------
    problem : Problem
    w : (..., D) array
        Weights; rows with NaN give NaN.
    tolerance : float in [0, 1)
        Relative Frobenius error allowed in the fourth cumulant tensor.
    solver : Solver, optional
        The same, and how the tensor is contracted, in its place.

    Returns
    -------
    k2, k4 : arrays (..., 2)

    Raises
    ------
    InvalidArgument
        Naming the argument.
    """
    check_problem(problem)
    solver = choose(solver, FLOW, tolerance=tolerance)
    assert solver.tolerance is not None, "FLOW has one"
    w = _weights(problem, w)
    return cumulants_by(class_forms(problem, solver.tolerance, solver.contraction), problem, w)


def cumulants_and_error(
    problem: Problem, w: Any, solver: Solver | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``preactivation_cumulants``, and what the error of k4 is at most (``k4_error_by``), each (..., 2)."""
    solver = choose(solver, FLOW)
    assert solver.tolerance is not None, "FLOW has one"
    k2, k4 = preactivation_cumulants(problem, w, solver=solver)
    forms = class_forms(problem, solver.tolerance, solver.contraction)
    return k2, k4, k4_error_by(forms, problem, np.asarray(w, dtype=float))


def k4_error_by(forms: tuple[Form, Form], problem: Problem, w: np.ndarray) -> np.ndarray:
    """What the error of k4 is at most, (..., 2): that of K in its norm over sites, times the norm of four weights.

    ``k4 = sum_abc K_0abc M_abc`` with ``M_abc = sum_m w_m w_(m+a) w_(m+b) w_(m+c)``, so by Cauchy and Schwarz an error
    of K of norm e gives at most ``e |M|``, and ``|M|^2 = sum_s A_s^4``, ``A_s = sum_m w_m w_(m+s)``. As sharp as e,
    to which entries of K beyond its reach contribute by an estimate; a law without a fourth cumulant has no error.
    """
    axes = tuple(range(-len(problem.shape), 0))
    waves = np.fft.rfftn(w.reshape(*w.shape[:-1], *problem.shape), axes=axes)
    correlation = np.fft.irfftn(np.abs(waves) ** 2, problem.shape, axes=axes)
    with np.errstate(over="ignore"):  # an infinite error resolves nothing
        most = np.sqrt(np.sum(correlation**4, axis=axes))
    of_class = np.array([(form.error + ROUNDING) * form.norm for form in forms])
    return np.asarray(most[..., None] * of_class)


def _weights(problem: Problem, w: Any) -> np.ndarray:
    allowed = f"real numbers of shape (..., {problem.size})"
    array = real_array("w", w, allowed)
    if array.ndim == 0 or array.shape[-1] != problem.size:
        raise InvalidArgument("w", Described(f"shape {array.shape}"), allowed)
    check_size_of_weights("w", array)
    return array


def cumulants_by(forms: tuple[Form, Form], problem: Problem, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``preactivation_cumulants`` with fourth cumulants that are there already; no checks."""
    rows = np.ascontiguousarray(w.reshape(-1, problem.size))
    k2, k4 = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    compiled(many_cumulants, many_cumulants_sig)(rows, cumulant_data(problem, forms), k2, k4)
    return k2.reshape(*w.shape[:-1], 2), k4.reshape(*w.shape[:-1], 2)


def potential(problem: Problem, w: Any, closure: str = "pearson", tolerance: float = 1e-3) -> np.ndarray:
    """``V(w) = -sum_y p_y Psi_y(k2, k4)``, the potential that the flow of a gradient closure lowers.

    Parameters
    ----------
    problem : Problem
    w : (..., D) array
    closure : str
        A gradient closure: taylor, taylor-activation, taylor-N, gaussian, edgeworth, bimodal, pearson, tree or
        tree:CHI (whose Psi is pearson's and ``chi Q c6``: theory.md section 3).
    tolerance : float in [0, 1)

    Returns
    -------
    (...) array

    Raises
    ------
    ValueError
        Naming ``closure`` when its flow has no potential.
    """
    check_problem(problem)
    closure = check_closure(closure, (EXACT,))
    if not is_gradient(closure):
        raise InvalidArgument(
            "closure", closure, "a gradient closure: taylor, gaussian, edgeworth, bimodal, pearson or tree"
        )
    tolerance = check_tolerance(tolerance)
    is_tree = tree_weight(closure) is not None
    psi = potential_kernel(str(problem.activation), "pearson" if is_tree else closure)
    k2, k4 = preactivation_cumulants(problem, w, tolerance)
    rule = gauss_legendre()
    total = np.zeros(k2.shape[:-1])
    for c in range(2):
        values = [
            psi(a, b, problem.labels[c], problem.bias, rule)  # type: ignore[misc]
            for a, b in zip(k2[..., c].ravel(), k4[..., c].ravel(), strict=True)
        ]
        total -= problem.priors[c] * np.reshape(values, total.shape)
    return total - _sixth(problem, w, closure, tolerance) if is_tree else total


def _sixth(problem: Problem, w: Any, closure: str, tolerance: float) -> np.ndarray:
    """``sum_y p_y chi Q c6`` (...)."""
    w = _weights(problem, w)
    rows = np.ascontiguousarray(w.reshape(-1, problem.size))
    terms = np.empty((len(rows), 2))
    data = tree_data(problem, closure, class_forms(problem, tolerance))
    law = coefficients_kernel(str(problem.activation), closure)
    compiled(tree.sixth_terms, tree.sixth_sig)(rows, data, law, terms)
    return np.reshape(terms @ np.array(problem.priors), w.shape[:-1])
