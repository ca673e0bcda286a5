"""The compiled steps of a network's SGD, and its loss on held-out inputs.

Parameters are one array ``theta`` (K D + 2 K,): K rows of weights, then K biases, then K readouts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.generated import losses
from cumulode.numerics.compile.jit import compiled, f8, flag_type, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import response_type
from cumulode.numerics.compile.vectors import axpy, dot, finite
from cumulode.validation.sampling.draw import draw_class, sampler_type, scratch, unowned_law
from cumulode.validation.sampling.streams import stream_type
from cumulode.validation.sampling.unowned import unowned

MSE, CROSS_ENTROPY = range(2)


class NetworkRule(NamedTuple):
    """The learning rule as the kernels read it; ``high`` and ``low`` are the targets of the classes plus and minus.

    Biases and readouts move at ``bias_rate`` and ``readout_rate`` times the rate of the weights; 0: fixed.
    """

    prior: float
    learning_rate: float
    batch_size: int
    hidden: int
    loss: int
    high: float
    low: float
    bias_rate: float
    readout_rate: float


@dataclass(frozen=True)
class HiddenLayer:
    """How the units see an input.

    ``sees``: what the kernels ``advance()`` and ``held_out()`` know of it, D or a lattice; ``taps``: the weights of a
    unit in each direction; ``positions``: at how many places of an input it looks.
    """

    sees: Any
    taps: tuple[int, ...]
    positions: int
    advance: Callable[[], Any]
    held_out: Callable[[], Any]


rule_type = types.NamedTuple((f8, f8, i8, i8, i8, f8, f8, f8, f8), NetworkRule)


@kernel
def residual(loss, y, s):  # type: ignore[no-untyped-def]
    """Minus the derivative of the loss in the output ``s`` at target ``y``."""
    return losses.mse_residual(y, s) if loss == MSE else losses.cross_entropy_residual(y, s)


@kernel
def loss_of(loss, y, s):  # type: ignore[no-untyped-def]
    """The loss of output ``s`` at target ``y``."""
    return losses.mse_loss(y, s) if loss == MSE else losses.cross_entropy_loss(y, s)


@kernel
def output(theta, x, response, hidden, values, slopes):  # type: ignore[no-untyped-def]
    """``s = mean_k a_k sigma(h_k)``, with ``sigma(h_k)`` and ``sigma'(h_k)`` in ``values``, ``slopes`` (K,).

    Also the sum of the ``h_k``: not finite where one of them is not.
    """
    size = x.size
    biases, readouts = hidden * size, hidden * size + hidden
    s, total = 0.0, 0.0
    for k in range(hidden):
        h = dot(theta[k * size : (k + 1) * size], x) + theta[biases + k]
        value, slope = response(h)
        values[k], slopes[k] = value, slope
        s += theta[readouts + k] * value
        total += h
    return s / hidden, total


@kernel
def _learn(theta, x, push, rule, values, slopes, into):  # type: ignore[no-untyped-def]
    """Add one sample's update to ``into``: the gradient times K, ``push`` the residual times the rate."""
    size, hidden = x.size, rule.hidden
    biases, readouts = hidden * size, hidden * size + hidden
    for k in range(hidden):
        force = push * theta[readouts + k] * slopes[k]
        axpy(force, x, into[k * size : (k + 1) * size])
        if rule.bias_rate > 0.0:
            into[biases + k] += rule.bias_rate * force
        if rule.readout_rate > 0.0:
            into[readouts + k] += rule.readout_rate * push * values[k]


@kernel
def _advance(theta, size, steps, plus, minus, response, rule, random, halt):  # type: ignore[no-untyped-def]
    """Take ``steps`` steps of SGD on ``theta`` in place; returns how many, negative if it then was not finite."""
    theta, plus, minus, random = unowned(theta), unowned_law(plus), unowned_law(minus), unowned(random)
    x, change = np.empty(size), np.zeros(theta.size)
    values, slopes = np.empty(rule.hidden), np.empty(rule.hidden)
    work = np.empty(max(scratch(plus, size), scratch(minus, size)))
    rate = rule.learning_rate / rule.batch_size
    for step in range(steps):
        for _ in range(rule.batch_size):
            if halt[0] != 0:
                return step
            y = rule.high if draw_class(plus, minus, rule.prior, random, work, x) else rule.low
            s, total = output(theta, x, response, rule.hidden, values, slopes)
            if not (math.isfinite(total) or finite(theta)):
                return -step
            push = rate * residual(rule.loss, y, s)
            _learn(theta, x, push, rule, values, slopes, theta if rule.batch_size == 1 else change)
        if rule.batch_size > 1:
            axpy(1.0, change, theta)
            for i in range(theta.size):
                change[i] = 0.0
    return steps if finite(theta) else -steps


@lru_cache(maxsize=1)
def advance_kernel() -> Any:
    """The compiled ``_advance``, one for every activation and every pair of laws."""
    arguments = (vector, i8, i8, sampler_type, sampler_type, response_type, rule_type, stream_type, flag_type)
    return compiled(_advance, i8(*arguments))


@kernel
def judge(s, is_plus, rule, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (2,) with the loss of an output ``s``, and whether the class was recognised.

    It is taken for plus where the output is above the middle of the two targets, of cross-entropy above 0; an output
    on the border counts half.
    """
    border = 0.0 if rule.loss == CROSS_ENTROPY else 0.5 * (rule.high + rule.low)
    values[0] = loss_of(rule.loss, rule.high if is_plus else rule.low, s)
    values[1] = 0.5 if s == border else (1.0 if (s > border) == is_plus else 0.0)


@kernel
def _held_out(theta, size, inputs, plus, response, rule, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (n, 2) with what ``judge`` says of every input (n, size)."""
    work, slopes = np.empty(rule.hidden), np.empty(rule.hidden)
    for i in range(inputs.shape[0]):
        s, _ = output(theta, inputs[i], response, rule.hidden, work, slopes)
        judge(s, plus[i] > 0.0, rule, values[i])


@lru_cache(maxsize=1)
def held_out_kernel() -> Any:
    """The compiled ``_held_out``."""
    return compiled(_held_out, types.void(vector, i8, matrix, vector, response_type, rule_type, matrix))


@kernel
def _draw_labelled(plus, minus, prior, random, inputs, classes):  # type: ignore[no-untyped-def]
    """Fill ``inputs`` (n, D) and ``classes`` (n,), 1 plus and 0 minus, as a step draws them."""
    work = np.empty(max(scratch(plus, inputs.shape[1]), scratch(minus, inputs.shape[1])))
    for i in range(inputs.shape[0]):
        classes[i] = 1.0 if draw_class(plus, minus, prior, random, work, inputs[i]) else 0.0


@lru_cache(maxsize=1)
def draw_kernel() -> Any:
    """The compiled ``_draw_labelled``."""
    return compiled(_draw_labelled, types.void(sampler_type, sampler_type, f8, stream_type, matrix, vector))


def fully_connected(shape: tuple[int, ...]) -> HiddenLayer:
    """Units that see all sites at once."""
    return HiddenLayer(math.prod(shape), shape, 1, advance_kernel, held_out_kernel)
