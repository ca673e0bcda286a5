"""Linear growth about w = 0 as numbers: the rates of all plane waves of a ring or torus, and the wave selected."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from cumulode.numerics.check_input import check_problem
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.cumulants import second_cumulant
from cumulode.theory.dynamics import dispersion
from cumulode.theory.problem.lattice import as_size
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument

#: ``k`` of ``cos(2 pi k i / D)`` on a ring; (kx, ky) of ``cos(2 pi (kx x + ky y) / L)`` on a torus.
Wavenumber: TypeAlias = "int | tuple[int, int]"

#: Rates that differ by less, relative to the largest, are one rate: the smaller wavenumber is named.
SAME = 1e-12


def growth_rates(problem: Problem) -> np.ndarray:
    """Rates at which small fields grow: ``mu(k) = sum_y p_y F_y'(0) Chat^y(k)`` (theory.md section 4).

    From the eigenvalues of C on the very ring (or torus), not the line's spectrum. The closures agree on them where the
    activation has a slope at the bias.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    (D//2 + 1,) array on a ring, over ``k = 0 .. D//2`` waves in a ring; on a torus (L//2 + 1, L//2 + 1), over kx and
    ky. Per unit of time = learning rate x steps.

    Raises
    ------
    ValueError
        Naming ``bias`` where the activation has a kink there (``F_y'(0)`` does not exist), or ``problem``.
    """
    check_problem(problem)
    kernels = activation_kernels(str(problem.activation))
    if problem.bias in kernels.kinks:
        raise InvalidArgument("bias", problem.bias, f"for growth rates any off the kinks of {problem.activation}")
    slopes = [float(kernels.functions(problem.bias, y)[2]) for y in problem.labels]
    rates = dispersion.growth_rate(problem.priors, slopes, [spectrum(law, problem.shape) for law in problem.laws])
    return np.asarray(rates)


def spectrum(law: object, shape: tuple[int, ...]) -> np.ndarray:
    """Eigenvalues of C, over the wavenumbers of :func:`growth_rates`."""
    second = second_cumulant(law, as_size(shape)).reshape(shape)  # type: ignore[arg-type]
    return half(np.fft.fftn(second).real)


def half(full: np.ndarray) -> np.ndarray:
    """Of a spectrum over all wavenumbers, those up to the middle; ValueError if the rest is not its mirror image."""
    if full.ndim == 2:
        mirrored = np.roll(full[::-1], 1, axis=0)
        if np.abs(full - mirrored).max() > 1e-9 * np.abs(full).max():
            raise InvalidArgument("problem", Described("a law that is not its own mirror image"), "C(x, y) = C(-x, y)")
    return np.ascontiguousarray(full[tuple(slice(0, side // 2 + 1) for side in full.shape)])


def selected(problem: Problem) -> tuple[Wavenumber, float]:
    """The wavenumber that grows fastest from small fields, and its rate; arguments as :func:`growth_rates`.

    Of waves of one rate the first: on a torus (0, k) stands for (k, 0) as well. A rate that is not positive says that
    nothing grows.
    """
    rates = growth_rates(problem)
    return peak(rates)


def peak(rates: np.ndarray) -> tuple[Wavenumber, float]:
    """Where rates over wavenumbers are largest, and the largest."""
    top = float(rates.max())
    first = np.argwhere(rates >= top - SAME * np.abs(rates).max())[0]
    return (int(first[0]) if rates.ndim == 1 else (int(first[0]), int(first[1]))), top
