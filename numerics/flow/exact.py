"""The exact population drift of one neuron on an Ising ring, by transfer matrices (theory.md section 6).

The odd part of the force as a sine series on [-L, L], ``F_odd(lam) = sum_k b_k sin(om_k lam)``, makes the drift
``sum_k b_k E[x_i sin(om_k w.x)]``; each mean is the trace of a product of 2 x 2 matrices, one a site. In the basis
in which the coupling is diag(1, t) a site's field is a rotation by ``om w_i``, so everything is real:
``E[cos(om lam)] = trace(prod_i R(om w_i) diag(1, t)) / (1 + t^D)`` and ``E[x_i sin] = -d/d(om w_i)`` of it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.jit import f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import force_t
from cumulode.theory.problem.laws import GP, Ising
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument

#: Beyond sum |w_i| the force is faded to zero over this length by an erfc, which is 1 to 1e-17 inside.
FADE = 12.0
_MOST_MODES = 1 << 15
#: Largest sum |w_i|: beyond, one drift would take seconds, deaf to Ctrl-C.
FARTHEST = 1e3


class ExactData(NamedTuple):
    """t of each class (2,); labels and priors (2, 2); bias; highest frequency; scratch of ``_products``."""

    t: np.ndarray
    classes: np.ndarray
    bias: float
    frequency: float
    scratch: np.ndarray


exact_data_t = types.NamedTuple((vector, matrix, f8, f8, types.float64[:, :, ::1]), ExactData)
exact_sig = i8(vector, vector, exact_data_t, force_t)


def all_gaussian(problem: Problem) -> bool:
    """Whether both classes are Gaussian, for which the Gaussian closure is exact."""
    return all(isinstance(law, GP) for law in problem.laws)


def check_exact(problem: Problem) -> None:
    """InvalidArgument naming ``closure`` where there is no exact flow."""
    if not all_gaussian(problem):
        exact_data(problem)


def has_exact_flow(problem: Problem) -> bool:
    """Whether there is one: of Gaussian inputs, and of Ising rings with a smooth activation."""
    try:
        check_exact(problem)
    except InvalidArgument:
        return False
    return True


def exact_data(problem: Problem) -> ExactData:
    """Arrays for ``exact_rhs``; ValueError naming ``closure`` where there is no exact flow."""
    for name, law in zip(("plus", "minus"), problem.laws, strict=True):
        if not isinstance(law, Ising):
            raise InvalidArgument(
                "closure",
                Described(f"'exact' with {name}={law!r}"),
                "'exact' only where both classes are Ising, or both Gaussian; use 'frozen' or a closure for this law",
            )
    kernels = activation_kernels(str(problem.activation))
    if kernels.kinks:
        raise InvalidArgument(
            "closure",
            Described(f"'exact' with activation={problem.activation!r}"),
            "'exact' only for smooth activations (a sine series of a force that jumps converges too slowly)",
        )
    t = np.array([law.t for law in problem.laws if isinstance(law, Ising)])
    classes = np.array([problem.labels, problem.priors])
    frequency = highest_frequency(str(problem.activation), problem.bias)
    return ExactData(t, classes, problem.bias, frequency, np.empty((2, problem.size + 1, 4)))


@lru_cache(maxsize=64)
def highest_frequency(activation: str, bias: float) -> float:
    """Frequency beyond which the faded force's Fourier transform is below 1e-16 of its largest value."""
    force = activation_kernels(activation).force
    reach = 30.0 + FADE
    modes = 256
    while modes <= _MOST_MODES:
        x = -reach + 2 * reach * np.arange(2 * modes) / (2 * modes)
        fade = np.array([0.5 * math.erfc((abs(v) - 30.0) - FADE / 2) for v in x])
        spectra = [np.abs(np.fft.rfft([force(v + bias, y) * fade[i] for i, v in enumerate(x)])) for y in (1.0, -1.0)]
        power = np.max([s / s.max() for s in spectra], axis=0)
        above = np.nonzero(power > 4e-16)[0]
        if above[-1] < 0.8 * modes:
            return float(np.pi / reach * above[-1])
        modes *= 2
    raise InvalidArgument(
        "activation",
        activation,
        f"with closure='exact' forces whose Fourier series converges within {_MOST_MODES} modes; use another closure",
    )


@kernel
def _sine_series(force, label, bias, reach, top, modes):  # type: ignore[no-untyped-def]
    """Coefficients b_1 .. b_(modes-1) of the faded odd part of the force on [-L, L], by the trapezoidal rule."""
    odd = np.zeros(modes)
    for j in range(1, modes):
        x = top * j / modes
        odd[j] = 0.5 * (force(bias + x, label) - force(bias - x, label)) * 0.5 * math.erfc(x - reach - FADE / 2)
    table = np.empty(2 * modes)
    for j in range(2 * modes):
        table[j] = math.sin(math.pi * j / modes)
    series = np.zeros(modes)
    for k in range(1, modes):
        total, index = 0.0, 0
        for j in range(modes):
            total += odd[j] * table[index]
            index += k
            if index >= 2 * modes:
                index -= 2 * modes
        series[k] = 2.0 * total / modes
    return series


@kernel
def _site(cosine, sine, t, out):  # type: ignore[no-untyped-def]
    """One site's matrix: rotation by the field, then the coupling to the next site."""
    out[0], out[1] = cosine, -sine * t
    out[2], out[3] = sine, cosine * t


@kernel
def _times(a, b, out):  # type: ignore[no-untyped-def]
    out[0], out[1] = a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3]
    out[2], out[3] = a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]


@kernel
def _products(w, om, t, scratch):  # type: ignore[no-untyped-def]
    """Products of the matrices of sites < i in scratch[0, i] and of sites >= i in scratch[1, i]."""
    size = w.size
    before, after = scratch[0], scratch[1]
    before[0, 0], before[0, 1], before[0, 2], before[0, 3] = 1.0, 0.0, 0.0, 1.0
    after[size, 0], after[size, 1], after[size, 2], after[size, 3] = 1.0, 0.0, 0.0, 1.0
    m = np.empty(4)
    for i in range(size):
        _site(math.cos(om * w[i]), math.sin(om * w[i]), t, m)
        _times(before[i], m, before[i + 1])
    for i in range(size - 1, -1, -1):
        _site(math.cos(om * w[i]), math.sin(om * w[i]), t, m)
        _times(m, after[i + 1], after[i])


@kernel
def exact_rhs(w, out, data, force):  # type: ignore[no-untyped-def]
    """The exact drift dw/dt = sum_y p_y E_y[F(w.x) x]."""
    t, classes, size = data.t, data.classes, w.size
    reach = np.sum(np.abs(w))
    top = reach + FADE
    out[:] = 0.0
    if not math.isfinite(reach) or reach > FARTHEST:
        out[:] = math.nan
        return 0
    modes = 2 + int(data.frequency * top / math.pi)
    m, part = np.empty(4), np.empty(4)
    for c in range(2):
        series = _sine_series(force, classes[0, c], data.bias, reach, top, modes)
        scale = classes[1, c] / (1.0 + t[c] ** size)
        for k in range(1, modes):
            om = math.pi * k / top
            _products(w, om, t[c], data.scratch)
            for i in range(size):
                _site(-math.sin(om * w[i]), math.cos(om * w[i]), t[c], m)  # derivative of the rotation
                _times(data.scratch[0, i], m, part)
                rest = data.scratch[1, i + 1]
                trace = part[0] * rest[0] + part[1] * rest[2] + part[2] * rest[1] + part[3] * rest[3]
                out[i] -= scale * series[k] * trace
    return 0
