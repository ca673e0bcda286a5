"""What a run needs, put together: the right-hand side, its arrays, the compiled closure, the error of K."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_problem
from cumulode.numerics.compile.closure_kernels import activation_kernels, coefficients_kernel
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.numerics.compile.signatures import coefficients_t, conditional_law_t, force_t, tree_law_t
from cumulode.numerics.contraction.form import Form, fourth_form
from cumulode.numerics.contraction.names import AUTO
from cumulode.numerics.contraction.second import Second, padded, second_taps
from cumulode.numerics.cumulants import second_cumulant
from cumulode.theory.closures.names import tree_weight
from cumulode.theory.problem.laws import Law
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument

from . import conditional, tree
from . import exact as oracle
from .right_hand_side import ClassData, Data, rhs_sig, two_cumulant_rhs
from .solver import EXACT, FROZEN, Solver

CONDITIONAL = "conditional"

Forms = tuple[Form, Form]


@dataclass(frozen=True, eq=False)
class Plan:
    """A compiled right-hand side with its argument types, and a maker of its (per-thread) arrays.

    ``method``, ``error``: of K in the right-hand side, where it has a K; ``forms()``: the fourth cumulants of both
    classes, by which k4 is recorded whatever the closure.
    """

    problem: Problem
    closure: str
    method: str
    error: float
    forms: Callable[[], Forms]
    rhs: Any
    signature: Any
    law: Any
    law_type: Any
    data: Callable[[], Any]


def make_plan(problem: Problem, solver: Solver) -> Plan:
    """Check the closure of ``solver`` against the problem and prepare its right-hand side.

    Raises
    ------
    InvalidArgument
        Naming ``problem``, ``closure``, or ``size`` where the contraction named cannot do it.
    """
    check_problem(problem)
    assert solver.tolerance is not None, "the caller states its default"
    forms = partial(class_forms, problem, solver.tolerance, solver.contraction)
    if solver.closure == EXACT and oracle.all_gaussian(problem):
        return replace(_cumulant_plan(problem, "gaussian", forms), closure=EXACT)
    if solver.closure == EXACT:
        return _exact_plan(problem, forms)
    if solver.closure == FROZEN:
        from cumulode.numerics.frozen.flow import all_scrambles  # which rests on this folder

        return all_scrambles(problem, solver, forms)
    if solver.closure == CONDITIONAL:
        return _conditional_plan(problem, forms)
    return _cumulant_plan(problem, solver.closure, forms)


def _cumulant_plan(problem: Problem, closure: str, forms: Callable[[], Forms]) -> Plan:
    """C and K, and with the tree closure the inverse of C."""
    if closure.startswith("taylor"):
        _refuse_kink(problem, closure)
    law, both = coefficients_kernel(str(problem.activation), closure), forms()
    own = problem, closure, method_name(both), max(form.error for form in both), lambda: both
    if tree_weight(closure) is not None:
        rhs = compiled(tree.tree_rhs, tree.tree_sig)
        return Plan(*own, rhs, tree.tree_sig, law, tree_law_t, partial(tree_data, problem, closure, both))
    rhs = compiled(two_cumulant_rhs, rhs_sig)
    return Plan(*own, rhs, rhs_sig, law, coefficients_t, partial(cumulant_data, problem, both))


def _exact_plan(problem: Problem, forms: Callable[[], Forms]) -> Plan:
    """No K at all: the transfer matrix."""
    oracle.exact_data(problem)  # refuses what has no exact flow
    rhs, law = compiled(oracle.exact_rhs, oracle.exact_sig), activation_kernels(str(problem.activation)).force
    own = problem, EXACT, "transfer-matrix", 1e-14, forms
    return Plan(*own, rhs, oracle.exact_sig, law, force_t, partial(oracle.exact_data, problem))


def _conditional_plan(problem: Problem, forms: Callable[[], Forms]) -> Plan:
    """No K at all: C and the marginals."""
    marginals = [conditional.marginal(law) for law in problem.laws]
    none = class_forms(problem.gaussian_control(), 0.0)
    activation = str(problem.activation)
    rhs = compiled(conditional.conditional_rhs, conditional.conditional_sig)
    law = coefficients_kernel(activation, CONDITIONAL)
    grain = conditional.grain(activation_kernels(activation))

    def data() -> conditional.ConditionalData:
        both = cumulant_data(problem, none)
        plus, minus = (
            conditional.ConditionalClass(own, nodes, spread)
            for own, (nodes, spread) in zip(both.classes, marginals, strict=True)
        )
        return conditional.ConditionalData((plus, minus), both.bias, both.rule, grain)

    own = problem, CONDITIONAL, "none (C and the marginal)", 0.0, forms
    return Plan(*own, rhs, conditional.conditional_sig, law, conditional_law_t, data)


def class_forms(problem: Problem, tolerance: float, contraction: str = AUTO) -> Forms:
    """The fourth cumulants of both classes, plus first."""
    plus, minus = (fourth_form(law, problem.shape, tolerance, contraction) for law in problem.laws)
    return plus, minus


def method_name(forms: Forms) -> str:
    """One name where both classes use one method, else both, plus first."""
    return ", ".join(dict.fromkeys(form.method for form in forms))


def _refuse_kink(problem: Problem, closure: str) -> None:
    if problem.bias in activation_kernels(str(problem.activation)).kinks:
        given = f"{closure!r} with activation={problem.activation!r} at bias={problem.bias:g}"
        raise InvalidArgument("closure", Described(given), "a bias off the activation's kinks, or closure='regression'")


def cumulant_data(problem: Problem, forms: Forms) -> Data:
    """What ``two_cumulant_rhs`` takes; all scratch is fresh, so that each thread has its own."""
    plus, minus = (
        _class_data(_second(law, problem.shape), form, problem, label, prior)
        for law, form, label, prior in zip(problem.laws, forms, problem.labels, problem.priors, strict=True)
    )
    return Data((plus, minus), problem.bias, gauss_legendre())


def _class_data(second: Second, form: Form, problem: Problem, label: float, prior: float) -> ClassData:
    pad, rows = padded(problem.shape, second), np.zeros((2, problem.size))
    return ClassData(second.taps, second.left, pad, form.tables, form.scratch(), label, prior, *rows)


def tree_data(problem: Problem, closure: str, forms: Forms) -> tree.TreeData:
    """What ``tree_rhs`` takes; all scratch is fresh."""
    chi = tree_weight(closure)
    assert chi is not None
    inverses = [_inverse(law, problem.shape) for law in problem.laws]
    return tree.tree_data(cumulant_data(problem, forms), inverses, problem.shape, chi)


@lru_cache(maxsize=1024)
def _inverse(law: Law, shape: tuple[int, ...]) -> tree.Inverse:
    return tree.inverse(second_cumulant(law, shape), shape)


@lru_cache(maxsize=1024)
def _second(law: Law, shape: tuple[int, ...]) -> Second:
    return second_taps(second_cumulant(law, shape), shape)
