"""What a convolutional network's run leaves: a ``NetworkRun`` whose units are filters."""

from __future__ import annotations

import numpy as np

from cumulode.validation.receptive_fields.field_input import embed
from cumulode.validation.sgd.network.result import NetworkRun


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
