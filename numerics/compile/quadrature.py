"""How far apart quadrature nodes may lie for a given activation, measured once when its kernels are written."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from cumulode.theory.user_input.arguments import Described, InvalidArgument

NODES = 40
#: Preactivations beyond this are not looked at when the panel is measured.
RANGE = 40.0
#: Averages of a force that is no polynomial far out are not resolved by more panels than this.
MOST_PANELS = 1e4


def gauss_legendre(n: int = NODES) -> np.ndarray:
    """Nodes and weights on [0, 1], (2, n)."""
    x, w = np.polynomial.legendre.leggauss(n)
    return np.ascontiguousarray(np.stack([(x + 1) / 2, w / 2]))


def panel_length(functions: Callable[[float, float], tuple[float, float, float]], kinks: list[float]) -> float:
    """Largest length (a power of 2 up to 8) over which ``NODES`` nodes give Phi, F, F' to about 1e-13.

    Measured by the decay of their Legendre coefficients on windows over |h| <= 40, relative to the largest value.
    """
    length = 8.0
    while length > 1e-3:
        try:
            if _resolved(functions, kinks, length):
                return length
        except (OverflowError, ZeroDivisionError):
            raise InvalidArgument(
                "activation", Described(f"overflow within |h| <= {RANGE:g}"), "expressions finite there"
            ) from None
        length /= 2
    raise InvalidArgument(
        "activation",
        Described("one that varies too fast for the quadrature"),
        "expressions smooth on a scale of 1e-3 in h",
    )


def panel_limit(functions: Callable[[float, float], tuple[float, float, float]], kinks: list[float]) -> float:
    """So many panels at most resolve an average; infinite where Phi, F, F' are polynomials outside the kinks.

    A force that saturates cancels in wide averages: digits are lost with the square of their width.
    """
    x, _ = np.polynomial.legendre.leggauss(NODES)
    to_coefficients = np.linalg.inv(np.polynomial.legendre.legvander(x, NODES - 1))
    outside = max(map(abs, kinks), default=0.0) + 1e3 * (x + 1)
    for label, sign in itertools.product((1.0, -1.0), repeat=2):
        try:
            spectrum = np.abs(to_coefficients @ np.array([functions(sign * float(h), label) for h in outside]))
        except (OverflowError, ZeroDivisionError):
            return MOST_PANELS
        if not np.all(spectrum[6:] <= 1e-12 * spectrum.max()):
            return MOST_PANELS
    return np.inf


def _resolved(
    functions: Callable[[float, float], tuple[float, float, float]], kinks: list[float], length: float
) -> bool:
    # Between kinks the integrand is smooth; a window across one is never used.
    edges = np.array([-RANGE, *(k for k in kinks if abs(k) < RANGE), RANGE])
    x, _ = np.polynomial.legendre.leggauss(NODES)
    to_coefficients = np.linalg.inv(np.polynomial.legendre.legvander(x, NODES - 1))
    for label in (1.0, -1.0):
        for low, high in itertools.pairwise(edges):
            n = max(1, int(np.ceil((high - low) / length * 2)))
            width = min(length, high - low)
            starts = low + (high - low - width) * np.arange(n + 1) / n
            h = starts[:, None] + width * (x + 1) / 2
            values = np.moveaxis(np.array([functions(float(v), label) for v in h.ravel()]).reshape(*h.shape, 3), 1, 0)
            if not np.all(np.isfinite(values)):
                raise OverflowError
            spectrum = np.abs(np.tensordot(to_coefficients, values, 1))
            # the quadrature integrates degree 2n - 1 exactly: what matters is the square of the decay seen at n
            tail = spectrum[-4:].max(axis=(0, 1))
            if np.any(tail > 1e-7 * np.maximum(spectrum.max(axis=(0, 1)), 1e-300)):
                return False
    return True
