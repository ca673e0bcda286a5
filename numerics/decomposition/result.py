"""The result of a convolutional CP decomposition (theory.md section 4)."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.cumulants.cubic import convolutional_cubic
from cumulode.theory.problem.laws import NLGP, Ising
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.arrays import finite_array


@dataclass(frozen=True, eq=False)
class ConvolutionalCP:
    """``K_0abc ~ sum_r c_r sum_m G_r(m) G_r(m+a) G_r(m+b) G_r(m+c)`` on the infinite line.

    Attributes
    ----------
    law : NLGP or Ising
    offsets : (2h+1,) int array
        Sites of the factors, ``-h .. h``.
    factors : (R, 2h+1) array
        ``G_r`` with ``sum_d G_r(d)^2 = 1``, centred to half a site, sum not negative.
    coefficients : (R,) array
        ``c_r``, largest absolute value first; the signs are the fit's.
    error : float
        Frobenius norm of K less the decomposition, per site, over the whole line, relative to ``norm``: an upper
        bound, which it exceeds by no more than the entries beyond the table (``provenance["beyond"]``, relative).
    norm : float
        ``|K|``, Frobenius norm per site: ``|K|^2 = sum_abc K_0abc^2``.
    max_coefficient : float
        Largest ``|c_r| / norm``.
    cancellation : float
        Largest Frobenius norm of a term, relative to ``norm``; well above 1 where terms nearly cancel.
    widths : (R,) array
        Root mean square distance from a factor's centre, weights ``G_r^2``, in sites: ``xi / 2`` for
        ``exp(-d^2/xi^2)``.
    path : tuple of float
        Gains at which the fit was made, the law's own last; empty for Ising.
    seconds : float
        Wall time, tables and compilation included.
    provenance : dict
        Versions, law, which start it came from, settings.
    """

    law: NLGP | Ising
    offsets: np.ndarray
    factors: np.ndarray
    coefficients: np.ndarray
    error: float
    norm: float
    max_coefficient: float
    cancellation: float
    widths: np.ndarray
    path: tuple[float, ...]
    seconds: float
    provenance: dict[str, Any] = field(repr=False)

    @property
    def rank(self) -> int:
        """Number of terms R."""
        return len(self.coefficients)

    @property
    def signs(self) -> np.ndarray:
        """Sign of each coefficient, (R,), 1 or -1 (0 for a coefficient of zero)."""
        return np.asarray(np.sign(self.coefficients).astype(int))

    def cubic(self, w: ArrayLike) -> np.ndarray:
        """K(w,w,w) of the decomposition on a ring, eq. (cubic.1, field equation): (D,) -> (D,).

        Raises ValueError naming ``w`` on rings shorter than the factors. Plain numpy, for checks.
        """
        allowed = f"finite, shape (D,) with D >= {self.offsets.size}, the length of the factors"
        w = finite_array("w", w, allowed)
        if w.ndim != 1 or w.size < self.offsets.size:
            raise InvalidArgument("w", Described(f"shape {w.shape}"), allowed)
        return convolutional_cubic(list(self.factors), self.coefficients.tolist(), w)

    def tensor(self, offsets: ArrayLike) -> np.ndarray:
        """K_0abc of the decomposition at ``offsets`` (n, 3) -> (n,), as ``fourth_cumulant(law, offsets)`` has it."""
        rows = np.asarray(offsets)
        if rows.ndim != 2 or rows.shape[1] != 3 or not np.issubdtype(rows.dtype, np.integer):
            raise InvalidArgument("offsets", rows.tolist(), "integers of shape (n, 3)")
        n = self.offsets.size
        site = np.arange(n)
        padded = np.concatenate([self.factors, np.zeros((self.rank, 1))], axis=1)  # column n: off the support
        at = site + rows[:, :, None]
        three = padded[:, np.where((at >= 0) & (at < n), at, n)].prod(axis=2)  # (R, rows, n)
        return np.asarray(np.einsum("r,rm,rom->o", self.coefficients, self.factors, three, optimize=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON; an infinite gain becomes null."""
        arrays = {name: getattr(self, name).tolist() for name in ("offsets", "factors", "coefficients", "widths")}
        numbers = {
            name: getattr(self, name) for name in ("error", "norm", "max_coefficient", "cancellation", "seconds")
        }
        path = [gain if np.isfinite(gain) else None for gain in self.path]
        law = {k: None if v == np.inf else v for k, v in self.law.to_dict().items()}
        return {**arrays, **numbers, "path": path, "provenance": self.provenance | {"law": law}}

    def __repr__(self) -> str:
        terms = ", ".join(f"{c:+.3g}" for c in self.coefficients)
        return (
            f"ConvolutionalCP({self.law}, rank {self.rank}: error {self.error:.2g} of |K| = {self.norm:.4g}, "
            f"max|c| {self.max_coefficient:.3g} |K|, c = [{terms}], "
            f"widths {self.widths.min():.2f}-{self.widths.max():.2f}; {self.seconds:.1f} s)"
        )

    def _repr_html_(self) -> str:
        head = f"{self.law}: error {self.error:.2g} of |K| = {self.norm:.4g}, largest term {self.cancellation:.3g} |K|"
        rows = "".join(
            f"<tr><td>{r}</td><td>{c:+.5g}</td><td>{c / self.norm:+.4g}</td><td>{width:.3f}</td></tr>"
            for r, (c, width) in enumerate(zip(self.coefficients, self.widths, strict=True))
        )
        titles = "".join(f"<th>{title}</th>" for title in ("r", "c", "c / |K|", "width (sites)"))
        return f"<table><caption>{html.escape(head)}</caption><tr>{titles}</tr>{rows}</table>"
