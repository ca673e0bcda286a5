"""Weights that have decayed to w = 0: of a flow, and of SGD, which there sits at its own noise and has no shape."""

from __future__ import annotations

import math

import numpy as np

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.cumulants import second_cumulant
from cumulode.numerics.observables import norm
from cumulode.numerics.trajectory.decay import has_decayed, largest_rate
from cumulode.theory.dynamics.dispersion import growth_rate
from cumulode.theory.dynamics.fluctuations import small_field_noise, stationary_variance
from cumulode.theory.problem.lattice import as_size
from cumulode.theory.problem.problem import Problem

from .settings import Sgd

#: SGD is at its noise where its norm is below this many times the root mean square norm of it, if that is small.
AT_NOISE = 2.0
#: The noise about w = 0 is known where it is below this: weights beyond bend the force.
KNOWN_NOISE = 0.3


def noise_norm(problem: Problem, sgd: Sgd) -> float:
    """Root mean square norm at which SGD stays about w = 0, where that attracts; else 0.

    The sum over all waves of eq. (fluctuations.5, stationary variance), with the noise of eq.
    (fluctuations.15, noise of small fields). Infinite where the learning rate is too large for w = 0 to hold SGD.
    """
    if not largest_rate(problem) < 0:
        return 0.0
    functions = activation_kernels(str(problem.activation)).functions
    forces, slopes = ([float(functions(problem.bias, y)[i]) for y in problem.labels] for i in (1, 2))
    shape = problem.shape
    powers = [np.fft.fftn(second_cumulant(law, as_size(shape)).reshape(shape)).real for law in problem.laws]  # type: ignore[arg-type]
    rates = growth_rate(problem.priors, slopes, powers)
    if np.any(sgd.learning_rate * rates <= -2):
        return math.inf
    noise = small_field_noise(problem.priors, forces, powers) / sgd.batch_size
    return math.sqrt(float(np.sum(stationary_variance(rates, noise, sgd.learning_rate))))


def noise_level(problem: Problem, sgd: Sgd) -> float:
    """The norm below which SGD is at its noise about w = 0; 0 where none is known.

    The linear theory behind it is for small weights: near the critical line, and at learning rates too large for w = 0
    to hold SGD, its noise has no bound, and says nothing of the weights there.
    """
    noise = noise_norm(problem, sgd)
    return AT_NOISE * noise if noise < KNOWN_NOISE else 0.0


def decayed(problem: Problem, start: np.ndarray, w: np.ndarray, sgd: Sgd | None = None) -> np.ndarray:
    """Whether fields ``w`` (..., D), from starts (..., D), have decayed to w = 0; with ``sgd`` those of SGD's runs.

    Where w = 0 attracts and |w| is below both its start and 0.1; of SGD also where |w| is at its noise.
    """
    size = norm(w)
    below = has_decayed(problem, norm(start), size)
    return below if sgd is None else np.asarray(below | (size < noise_level(problem, sgd)))
