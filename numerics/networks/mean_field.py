"""Many balanced neurons, of which none knows the others: each one's flow with the force ``y sigma'``.

Their output begins at second order in w (eq. (network.6, balanced output)) and is left out. The closures are made for
a force ``(y - sigma) sigma'``. A neuron whose output is scaled by a small factor has ``eps (y - eps sigma) sigma'``,
so that in the time ``t / eps`` the closures shipped and any other give the force ``y sigma'`` up to a relative
``eps``.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.flow.solve import SolveWarning, solve
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument

#: The factor: far below the error of any closure, and a power of two.
OUTPUT = 2.0**-30
#: Largest mean output at w = 0 that counts as balanced.
BALANCED = 1e-9


def without_output(problem: Problem, bias: float) -> Problem:
    """The problem of one neuron whose output is scaled by ``OUTPUT``; its time runs as much slower."""
    scaled = problem.symbolic_activation().expr / round(1 / OUTPUT)
    return replace(problem, activation=scaled, bias=bias)


def mean_field(
    problem: Problem, w0: np.ndarray, times: np.ndarray, biases: np.ndarray, rtol: float, atol: float, tolerance: float
) -> tuple[np.ndarray, str]:
    """Weights (T, K, D) of neurons with the force ``y sigma'``, closure ``regression``, and what happened.

    Raises ValueError naming ``biases`` where the mean output at w = 0 is not zero.
    """
    kernels = activation_kernels(str(problem.activation))
    mean = float(np.mean([kernels.sigma(b) for b in biases]))
    if abs(mean) > BALANCED:
        raise InvalidArgument(
            "biases", f"a mean output of {mean:.3g} at w = 0", "with closure='mean-field' balanced ones"
        )
    neurons = [without_output(problem, float(b)) for b in biases]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # said once, with the times of this flow
        found = solve(neurons, w0, times / OUTPUT, rtol=rtol, atol=atol, tolerance=tolerance)
    failed = int(np.sum(~np.isfinite(found.w[:, -1]).all(axis=-1)))
    message = f"{failed} of {len(neurons)} neurons did not reach the end" if failed else "reached the end"
    return np.ascontiguousarray(np.swapaxes(found.w, 0, 1)), message
