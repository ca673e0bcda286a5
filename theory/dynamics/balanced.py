"""One of many balanced neurons: the problem whose force is ``y sigma'`` up to a relative ``OUTPUT``.

The closures are made for a force ``(y - sigma) sigma'``. A neuron whose output is scaled by a small factor has
``eps (y - eps sigma) sigma'``, so that in the time ``t / eps`` every closure gives the force ``y sigma'``: what each
of many neurons feels whose common output vanishes (eq. (network.6, balanced output)). SymPy is imported on use.
"""

from __future__ import annotations

from dataclasses import replace

from cumulode.theory.problem.problem import Problem

#: The factor: far below the error of any closure, and a power of two.
OUTPUT = 2.0**-30


def without_output(problem: Problem, bias: float) -> Problem:
    """The problem of one neuron whose output is scaled by ``OUTPUT``; its time runs as much slower."""
    scaled = problem.symbolic_activation().expr / round(1 / OUTPUT)
    return replace(problem, activation=scaled, bias=bias)
