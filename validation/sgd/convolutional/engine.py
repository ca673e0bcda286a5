"""The compiled steps of a convolutional network's SGD, and its loss on held-out inputs.

Parameters are one array ``theta`` (F P + F + F D,): F filters of P taps, then F biases, then F readouts of D positions,
which stay 1 where they are not trained. A ring is a lattice of one row.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import compiled, flag_type, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import response_type
from cumulode.numerics.compile.vectors import axpy, dot, finite
from cumulode.validation.sampling.draw import draw_class, sampler_type, scratch, unowned_law
from cumulode.validation.sampling.streams import stream_type
from cumulode.validation.sampling.unowned import unowned
from cumulode.validation.sgd.network.engine import judge, residual, rule_type


class FilterLattice(NamedTuple):
    """Sites of the inputs, and those that a filter looks at."""

    height: int
    width: int
    tap_height: int
    tap_width: int


lattice_type = types.NamedUniTuple(i8, 4, FilterLattice)


@kernel
def wrapped_size(lattice):  # type: ignore[no-untyped-def]
    """How many numbers ``wrap`` fills."""
    return (lattice.height + lattice.tap_height - 1) * (lattice.width + lattice.tap_width - 1)


@kernel
def wrap(x, lattice, wide):  # type: ignore[no-untyped-def]
    """Fill ``wide`` with ``x`` (D,) continued periodically, so that every position sees one block."""
    columns = lattice.width + lattice.tap_width - 1
    for i in range(lattice.height + lattice.tap_height - 1):
        start = (i % lattice.height) * lattice.width
        for j in range(lattice.width):
            wide[i * columns + j] = x[start + j]
        for j in range(lattice.tap_width - 1):
            wide[i * columns + lattice.width + j] = x[start + j]


@kernel
def output(theta, wide, lattice, response, filters, values, slopes):  # type: ignore[no-untyped-def]
    """``s``, the mean over filters and positions of ``a sigma(h)``; ``sigma(h)``, ``sigma'(h)`` in two arrays (F D,).

    Also the sum of the ``h``: not finite where one of them is not.
    """
    theta, wide = unowned(theta), unowned(wide)
    sites, across = lattice.height * lattice.width, lattice.tap_width
    taps, columns = lattice.tap_height * across, lattice.width + across - 1
    readouts = filters * taps + filters
    s, total = 0.0, 0.0
    for f in range(filters):
        for i in range(lattice.height):
            for j in range(lattice.width):
                h = theta[filters * taps + f]
                for a in range(lattice.tap_height):
                    at, seen = f * taps + a * across, (i + a) * columns + j
                    h += dot(theta[at : at + across], wide[seen : seen + across])
                n = f * sites + i * lattice.width + j
                values[n], slopes[n] = response(h)
                s += theta[readouts + n] * values[n]
                total += h
    return s / (filters * sites), total


@kernel
def learn(theta, wide, push, rule, lattice, values, slopes, into):  # type: ignore[no-untyped-def]
    """Add one sample's update to ``into``: ``push`` is the residual times the rate."""
    theta, wide, into = unowned(theta), unowned(wide), unowned(into)
    sites, across, filters = lattice.height * lattice.width, lattice.tap_width, rule.hidden
    taps, columns = lattice.tap_height * across, lattice.width + across - 1
    readouts = filters * taps + filters
    for f in range(filters):
        for i in range(lattice.height):
            for j in range(lattice.width):
                n = f * sites + i * lattice.width + j
                force = push * theta[readouts + n] * slopes[n] / sites
                for a in range(lattice.tap_height):
                    at, seen = f * taps + a * across, (i + a) * columns + j
                    axpy(force, wide[seen : seen + across], into[at : at + across])
                if rule.bias_rate > 0.0:
                    into[filters * taps + f] += rule.bias_rate * force
                if rule.readout_rate > 0.0:
                    into[readouts + n] += rule.readout_rate * push * values[n]


@kernel
def _advance(theta, lattice, steps, plus, minus, response, rule, random, halt):  # type: ignore[no-untyped-def]
    """Take ``steps`` steps of SGD on ``theta`` in place; returns how many, negative if it then was not finite."""
    theta, plus, minus, random = unowned(theta), unowned_law(plus), unowned_law(minus), unowned(random)
    size = lattice.height * lattice.width
    x, wide, change = np.empty(size), np.empty(wrapped_size(lattice)), np.zeros(theta.size)
    values, slopes = np.empty(rule.hidden * size), np.empty(rule.hidden * size)
    work = np.empty(max(scratch(plus, size), scratch(minus, size)))
    rate = rule.learning_rate / rule.batch_size
    for step in range(steps):
        for _ in range(rule.batch_size):
            if halt[0] != 0:
                return step
            y = rule.high if draw_class(plus, minus, rule.prior, random, work, x) else rule.low
            wrap(x, lattice, wide)
            s, total = output(theta, wide, lattice, response, rule.hidden, values, slopes)
            if not (math.isfinite(total) and math.isfinite(s)):
                return -step
            push = rate * residual(rule.loss, y, s)
            learn(theta, wide, push, rule, lattice, values, slopes, theta if rule.batch_size == 1 else change)
        if rule.batch_size > 1:
            axpy(1.0, change, theta)
            for i in range(theta.size):
                change[i] = 0.0
        if not finite(theta):
            return -step
    return steps


@lru_cache(maxsize=1)
def advance_kernel() -> Any:
    """The compiled ``_advance``, one for every activation and every pair of laws."""
    arguments = (vector, lattice_type, i8, sampler_type, sampler_type, response_type, rule_type, stream_type, flag_type)
    return compiled(_advance, i8(*arguments))


@kernel
def _held_out(theta, lattice, inputs, plus, response, rule, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (n, 2) with the loss of every input and whether its class was recognised."""
    wide = np.empty(wrapped_size(lattice))
    work, slopes = np.empty(rule.hidden * inputs.shape[1]), np.empty(rule.hidden * inputs.shape[1])
    for i in range(inputs.shape[0]):
        wrap(inputs[i], lattice, wide)
        s, _ = output(theta, wide, lattice, response, rule.hidden, work, slopes)
        judge(s, plus[i] > 0.0, rule, values[i])


@lru_cache(maxsize=1)
def held_out_kernel() -> Any:
    """The compiled ``_held_out``."""
    arguments = (vector, lattice_type, matrix, vector, response_type, rule_type, matrix)
    return compiled(_held_out, types.void(*arguments))
