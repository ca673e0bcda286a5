"""Many balanced neurons, of which none knows the others: each one's flow with the force ``y sigma'``.

Their output begins at second order in w (eq. (network.6, balanced output)) and is left out: a neuron whose output is
scaled by a small factor gives that force for every closure (``theory.dynamics.balanced``).
"""

from __future__ import annotations

import warnings

import numpy as np

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.flow.result import Solution
from cumulode.numerics.flow.solve import SolveWarning, solve
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.io.progress import Shown
from cumulode.theory.dynamics.balanced import OUTPUT, without_output
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument

#: Largest mean output at w = 0 that counts as balanced.
BALANCED = 1e-9


def mean_field(
    problem: Problem, w0: np.ndarray, times: np.ndarray, biases: np.ndarray, solver: Solver, progress: Shown
) -> Solution:
    """The flows of the neurons with the force ``y sigma'``, one run a neuron; their times are ``times / OUTPUT``.

    Raises InvalidArgument naming ``biases`` where the mean output at w = 0 is not zero.
    """
    kernels = activation_kernels(str(problem.activation))
    mean = float(np.mean([kernels.sigma(b) for b in biases]))
    if abs(mean) > BALANCED:
        came = Described(f"a mean output of {mean:.3g} at w = 0")
        raise InvalidArgument("biases", came, "with closure='mean-field' balanced ones")
    neurons = [without_output(problem, float(b)) for b in biases]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # the caller warns, in the times of its own flow
        return solve(neurons, w0, times / OUTPUT, solver=solver, progress=progress)
