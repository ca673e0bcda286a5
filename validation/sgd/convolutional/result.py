"""What a convolutional network's run leaves: a ``NetworkRun`` whose units are filters."""

from __future__ import annotations

import numpy as np

from cumulode.validation.sgd.network.result import NetworkRun


def embed(w: np.ndarray, taps: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Filters (..., P) as fields (..., D) on the ring or torus: zero where a filter does not look."""
    if taps == shape:
        return w
    square = w.reshape(*w.shape[:-1], *taps)
    beyond = [(0, 0)] * (w.ndim - 1) + [(0, side - tap) for side, tap in zip(shape, taps, strict=True)]
    # NaN, where a run has ended, stays NaN in all sites
    padded = np.pad(square, beyond).reshape(*w.shape[:-1], -1)
    return np.where(np.isnan(w).any(axis=-1, keepdims=True), np.nan, padded)


class ConvolutionalRun(NetworkRun):
    """Filters over time, of one seed or of ``n`` (then all arrays but ``t`` have a leading axis n).

    As :class:`NetworkRun`, with K = F filters for units, but ``w`` is (T, F, P), P the number of a filter's taps, and
    ``readout`` (T, F, D) where trained, (T, F) ones where pooled. ``ipr``, ``width``, ``centre`` are of the filter as a
    field of D sites, ``fields``; ``k2``, ``k4`` the cumulants of ``sum_j v_j x_(i+j)``, the same for all i.
    """

    @property
    def taps(self) -> tuple[int, ...]:
        """(P,) of a ring, (p, p) of a torus."""
        taps = self.w.shape[-1]
        return (taps,) if len(self.shape) == 1 else (round(taps**0.5),) * 2

    @property
    def fields(self) -> np.ndarray:
        """Filters as fields of all D sites, (T, F, D) or (n, T, F, D); zero where a filter does not look."""
        return embed(self.w, self.taps, self.shape)

    @property
    def size(self) -> int:
        """Number of sites D."""
        return int(np.prod(self.shape))

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        """Taps for sites; readouts of every position where they are trained."""
        readout = {"readout": ("unit", "site")} if self.readout.ndim == self.w.ndim else {}
        return {**super()._dimensions(), "w": ("unit", "tap"), **readout}
