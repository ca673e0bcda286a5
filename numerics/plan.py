"""What a run needs, put together: arrays for the right-hand side, compiled closure, approximation error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from cumulode.theory.laws import GP, Law
from cumulode.theory.names import check_closure, is_gradient, tree_weight
from cumulode.theory.problem import Problem
from cumulode.theory.validate import complain

from . import conditional, oracle, tree
from .contraction.form import AUTO, Form, check_contraction, fourth_form
from .contraction.second import Second, padded, second_taps
from .cumulants import second_cumulant
from .inputs import check_problem, check_tolerance
from .jit import compiled
from .library import activation_kernels, coefficients_kernel, potential_kernel
from .panel import gauss_legendre
from .rhs import (
    FIELD_ROWS,
    coefficients_t,
    conditional_law_t,
    many_cumulants,
    many_cumulants_sig,
    rhs_sig,
    tree_law_t,
    two_cumulant_rhs,
)

EXACT = "exact"
CONDITIONAL = "conditional"
CLOSURE_NAMES_ALSO = (EXACT,)


@dataclass(frozen=True, eq=False)
class Plan:
    """A compiled right-hand side with its argument types, and a maker of its (per-thread) arrays."""

    problem: Problem
    closure: str
    method: str
    error: float
    rhs: Any
    signature: Any
    law: Any
    law_type: Any
    data: Callable[[], tuple[Any, ...]]


def make_plan(problem: Problem, closure: str = "regression", tolerance: float = 1e-3, contraction: str = AUTO) -> Plan:
    """Check the closure against the problem and prepare its right-hand side.

    Raises
    ------
    ValueError
        Naming ``problem``, ``closure``, ``tolerance``, ``contraction``, or ``size`` where the contraction asked for
        cannot do it.
    """
    check_problem(problem)
    closure = check_closure(closure, CLOSURE_NAMES_ALSO)
    tolerance, contraction = check_tolerance(tolerance), check_contraction(contraction)
    if closure == EXACT:
        oracle.exact_data(problem)  # refuses what has no exact flow
        rhs = compiled(oracle.exact_rhs, oracle.exact_sig)
        force = activation_kernels(str(problem.activation)).force
        return Plan(
            problem,
            closure,
            "transfer-matrix",
            1e-14,
            rhs,
            oracle.exact_sig,
            force,
            oracle.force_t,
            lambda: oracle.exact_data(problem),
        )
    if closure == CONDITIONAL:
        return _conditional_plan(problem)
    if tree_weight(closure) is not None:
        return _tree_plan(problem, closure, class_forms(problem, tolerance, contraction))
    if closure.startswith("taylor"):
        _refuse_kink(problem, closure)
    rhs = compiled(two_cumulant_rhs, rhs_sig)
    law = coefficients_kernel(str(problem.activation), closure)
    forms = class_forms(problem, tolerance, contraction)
    return Plan(
        problem,
        closure,
        method_name(forms),
        max(form.error for form in forms),
        rhs,
        rhs_sig,
        law,
        coefficients_t,
        lambda: cumulant_data(problem, forms),
    )


def _tree_plan(problem: Problem, closure: str, forms: tuple[Form, Form]) -> Plan:
    """K as for any other closure, and the inverse of C."""
    law = coefficients_kernel(str(problem.activation), closure)
    return Plan(
        problem,
        closure,
        method_name(forms),
        max(form.error for form in forms),
        compiled(tree.tree_rhs, tree.tree_sig),
        tree.tree_sig,
        law,
        tree_law_t,
        lambda: _tree_data(problem, closure, forms),
    )


def _tree_data(problem: Problem, closure: str, forms: tuple[Form, Form]) -> tuple[Any, ...]:
    chi = tree_weight(closure)
    assert chi is not None
    inverses = [_inverse(law, problem.shape) for law in problem.laws]
    return tree.tree_data(cumulant_data(problem, forms), inverses, problem.shape, chi)


@lru_cache(maxsize=1024)
def _inverse(law: Law, shape: tuple[int, ...]) -> tree.Inverse:
    return tree.inverse(second_cumulant(law, shape if len(shape) > 1 else shape[0]), shape)


def _conditional_plan(problem: Problem) -> Plan:
    """No K at all: C and the marginals."""
    marginals = [conditional.marginal(law) for law in problem.laws]
    kernels = activation_kernels(str(problem.activation))
    plus, minus = (fourth_form(GP(law), problem.shape, 0.0) for law in problem.laws)

    def data() -> tuple[Any, ...]:
        rules, spreads = zip(*marginals, strict=True)
        return cumulant_data(problem, (plus, minus)), rules, np.array(spreads), conditional.grain(kernels)

    return Plan(
        problem,
        CONDITIONAL,
        "none (C and the marginal)",
        0.0,
        compiled(conditional.conditional_rhs, conditional.conditional_sig),
        conditional.conditional_sig,
        coefficients_kernel(str(problem.activation), CONDITIONAL),
        conditional_law_t,
        data,
    )


def class_forms(problem: Problem, tolerance: float, contraction: str = AUTO) -> tuple[Form, Form]:
    """The fourth cumulants of both classes, plus first."""
    plus, minus = (fourth_form(law, problem.shape, tolerance, contraction) for law in problem.laws)
    return plus, minus


def method_name(forms: tuple[Form, Form]) -> str:
    """One name where both classes use one method, else both, plus first."""
    return ", ".join(dict.fromkeys(form.method for form in forms))


def _refuse_kink(problem: Problem, closure: str) -> None:
    if problem.bias in activation_kernels(str(problem.activation)).kinks:
        raise ValueError(
            f"closure: got {closure!r} with activation={problem.activation!r} at bias={problem.bias:g}, allowed: "
            "a bias off the activation's kinks, or closure='regression'"
        )


def cumulant_data(problem: Problem, forms: tuple[Form, Form]) -> tuple[Any, ...]:
    """The arrays of ``numerics.rhs.data_t``; all scratch is fresh, so that each thread has its own."""
    seconds = [_second(law, problem.shape) for law in problem.laws]
    return (
        tuple(second.taps for second in seconds),
        tuple(second.left for second in seconds),
        tuple(form.tables for form in forms),
        tuple(padded(problem.shape, second) for second in seconds),
        tuple(form.scratch() for form in forms),
        np.array([problem.labels, problem.priors]),
        problem.bias,
        gauss_legendre(),
        np.zeros((FIELD_ROWS, problem.size)),
    )


@lru_cache(maxsize=1024)
def _second(law: Law, shape: tuple[int, ...]) -> Second:
    return second_taps(second_cumulant(law, shape), shape)


def preactivation_cumulants(
    problem: Problem, w: Any, tolerance: float = 1e-3, contraction: str = AUTO
) -> tuple[np.ndarray, np.ndarray]:
    """Second and fourth cumulant of ``w.x`` in each class, plus first.

    Parameters
    ----------
    problem : Problem
    w : (..., D) array
        Weights; rows with NaN give NaN.
    tolerance : float in [0, 1)
        Relative Frobenius error allowed in the fourth cumulant tensor.
    contraction : str
        How to contract it: see :func:`solve`.

    Returns
    -------
    k2, k4 : arrays (..., 2)
    """
    check_problem(problem)
    w = np.asarray(w, dtype=float)
    if w.ndim == 0 or w.shape[-1] != problem.size:
        raise complain("w", w.shape, f"an array of shape (..., {problem.size})")
    rows = np.ascontiguousarray(w.reshape(-1, problem.size))
    k2, k4 = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    data = cumulant_data(problem, class_forms(problem, check_tolerance(tolerance), contraction))
    compiled(many_cumulants, many_cumulants_sig)(rows, data, k2, k4)
    return k2.reshape(*w.shape[:-1], 2), k4.reshape(*w.shape[:-1], 2)


def potential(problem: Problem, w: Any, closure: str = "pearson", tolerance: float = 1e-3) -> np.ndarray:
    """``V(w) = -sum_y p_y Psi_y(k2, k4)``, the potential that the flow of a gradient closure lowers.

    Parameters
    ----------
    problem : Problem
    w : (..., D) array
    closure : str
        A gradient closure: taylor, taylor-activation, taylor-N, gaussian, edgeworth, bimodal, pearson, tree or
        tree:CHI (whose Psi has the term ``chi Q c6`` beside pearson's: theory.md section 3).
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
    closure = check_closure(closure, CLOSURE_NAMES_ALSO)
    if not is_gradient(closure):
        raise complain("closure", closure, "a gradient closure: taylor, gaussian, edgeworth, bimodal, pearson or tree")
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
    w = np.asarray(w, dtype=float)
    rows = np.ascontiguousarray(w.reshape(-1, problem.size))
    terms = np.empty((len(rows), 2))
    data = _tree_data(problem, closure, class_forms(problem, tolerance))
    law = coefficients_kernel(str(problem.activation), closure)
    compiled(tree.sixth_terms, tree.sixth_sig)(rows, data, law, terms)
    return np.reshape(terms @ np.array(problem.priors), w.shape[:-1])
