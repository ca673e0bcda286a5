"""Covariances of the Gaussian field under the NLGP, written once for numbers and for SymPy.

Each function takes its elementary functions from ``m`` (numpy by default, ``SymbolicMath`` for SymPy), so
that the formula of theory.md section 1 stands in one place. ``complement`` is 1 - c without cancellation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidTogether

COVARIANCES = ("squared-exponential", "wrapped", "circular-exponential")

#: A smallest eigenvalue below this fraction of the largest is refused; above it, it is clipped to zero.
NEGATIVE_EIGENVALUE = 1e-6


class SymbolicMath:
    """The elementary functions above, taken from SymPy (imported on first use)."""

    def __getattr__(self, name: str) -> Any:
        import sympy
        from sympy.codegen import cfunctions

        return cfunctions.expm1 if name == "expm1" else getattr(sympy, name)


def squared_exponential(d: Any, xi: Any, m: Any = np) -> Any:
    """exp(-d^2 / xi^2) at distance ``d``."""
    return m.exp(-((d / xi) ** 2))


def squared_exponential_complement(d: Any, xi: Any, m: Any = np) -> Any:
    """1 - exp(-d^2 / xi^2)."""
    return -m.expm1(-((d / xi) ** 2))


def exponential(d: Any, xi: Any, size: Any = None, m: Any = np) -> Any:
    """(t^d + t^(D-d)) / (1 + t^D), t = exp(-1/xi): a Gaussian Markov chain on the ring; t^d on the line."""
    if size is None:
        return m.exp(-d / xi)
    return (m.exp(-d / xi) + m.exp(-(size - d) / xi)) / (1 + m.exp(-size / xi))


def exponential_complement(d: Any, xi: Any, size: Any = None, m: Any = np) -> Any:
    """1 - c of the Markov chain: (1 - t^d)(1 - t^(D-d)) / (1 + t^D)."""
    if size is None:
        return -m.expm1(-d / xi)
    return m.expm1(-d / xi) * m.expm1(-(size - d) / xi) / (1 + m.exp(-size / xi))


def wrapped(d: np.ndarray, xi: float, size: int) -> np.ndarray:
    """The squared exponential summed over its images on the ring, divided by its value at d = 0."""
    if xi > 0.4 * size:
        weight, angle = _modes(d, xi, size)
        return (weight * np.cos(2 * angle)).sum(1) / weight.sum()
    images = np.arange(-_images(xi, size), _images(xi, size) + 1) * size
    return squared_exponential(d[:, None] + images, xi).sum(1) / squared_exponential(images, xi).sum()


def wrapped_complement(d: np.ndarray, xi: float, size: int) -> np.ndarray:
    """1 - c of the wrapped kernel, image by image; for a long one mode by mode, where images would cancel."""
    if xi > 0.4 * size:
        weight, angle = _modes(d, xi, size)
        return 2 * (weight * np.sin(angle) ** 2).sum(1) / weight.sum()
    images = np.arange(-_images(xi, size), _images(xi, size) + 1) * size
    top = squared_exponential(images, xi)
    further = d[:, None] * (d[:, None] + 2.0 * images) / xi**2  # exponent of e(x) less that of e(x + d)
    moved = squared_exponential(d[:, None] + images, xi)
    # e(x) - e(x + d) from the larger of the two, so that expm1 sees no positive argument
    change = np.where(further >= 0, -top * np.expm1(-np.abs(further)), moved * np.expm1(-np.abs(further)))
    return change.sum(1) / top.sum()


def _modes(d: np.ndarray, xi: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights exp(-(pi k xi/D)^2) of the Fourier modes k of the wrapped kernel (Poisson's sum), and pi k d/D."""
    k = np.arange(-6, 7)  # the next is exp(-(0.4 pi 7)^2) < 1e-33
    return np.exp(-((np.pi * k * xi / size) ** 2)), np.pi * k * d[:, None] / size


def _images(xi: float, size: int) -> int:
    return int(np.ceil(6.3 * xi / size)) + 1  # exp(-6.3^2) < 1e-17


def gaussian_covariance(name: str, offsets: np.ndarray, xi: float, size: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of the Gaussian field at integer ``offsets`` and its complement 1 - c, each of that shape.

    ``size=None`` is the infinite line (where wrapped is the squared exponential); otherwise the ring.
    """
    d = np.abs(np.asarray(offsets, dtype=float))
    if size is not None:
        d = d % size
        d = np.minimum(d, size - d)
    if name == "circular-exponential":
        return exponential(d, xi, size), exponential_complement(d, xi, size)
    if name == "wrapped" and size is not None:
        flat = d.ravel()
        return wrapped(flat, xi, size).reshape(d.shape), wrapped_complement(flat, xi, size).reshape(d.shape)
    return squared_exponential(d, xi), squared_exponential_complement(d, xi)


def covariance_on(name: str, xi: float, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of site 0 with every site and its complement, each of ``shape``: (D,) a ring, (L, L) a torus.

    On a torus it is the product of the ring's in the two directions, ``1 - a b = (1 - a) + a (1 - b)``.
    """
    c, rest = gaussian_covariance(name, np.arange(shape[0]), xi, shape[0])
    if len(shape) == 1:
        return c, rest
    return c[:, None] * c, rest[:, None] + c[:, None] * rest


def ring_spectrum(name: str, xi: float, size: int) -> np.ndarray:
    """Eigenvalues of the ring covariance (D,), as NumPy's FFT orders them; may be negative."""
    c, _ = gaussian_covariance(name, np.arange(size), xi, size)
    return np.fft.fft(c).real


def _acceptable(name: str, xi: float, size: int) -> bool:
    if xi > size:  # nearly constant: the negative eigenvalues fall below the bound again
        return False
    power = ring_spectrum(name, xi, size)
    return bool(power.min() >= -NEGATIVE_EIGENVALUE * power.max())


def check_ring(name: str, xi: float, size: int) -> None:
    """Raise ValueError when no Gaussian field on the ring of ``size`` sites has this covariance."""
    if name == "wrapped" and xi > size:
        raise InvalidTogether(
            "xi", xi, f"xi <= size = {size} for the wrapped covariance (beyond, the field is constant)"
        )
    if name != "squared-exponential" or _acceptable(name, xi, size):
        return
    low, high = 0.0, xi
    for _ in range(40):
        mid = 0.5 * (low + high)
        low, high = (mid, high) if _acceptable(name, mid, size) else (low, mid)
    largest = np.floor(low * 1e3) / 1e3
    raise InvalidTogether(
        "xi",
        xi,
        f"0 < xi <= {largest:g} at size {size} for covariance='squared-exponential' (beyond, "
        "it is not positive semidefinite); covariance='wrapped' is, for any xi <= size",
    )
