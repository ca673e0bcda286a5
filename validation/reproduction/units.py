"""Statistics of the hidden units of trained networks, apart by the sign of their bias: one number a seed."""

from __future__ import annotations

import numpy as np

from cumulode.validation.receptive_fields.localised import localised
from cumulode.validation.receptive_fields.metrics import centre, ipr

from .parts import Arrays

#: What the claims ask of the IPR x D of fields that localise, and of those that do not: a sinusoid has 1.5, a random
#: field of many sites 3.
BAR = 4.0


def scaled(run: Arrays) -> np.ndarray:
    """IPR x D, (n, T, K)."""
    w = run["w"]
    return np.asarray(ipr(w) * w.shape[-1])


def medians(run: Arrays, sign: int = 0) -> np.ndarray:
    """Median IPR x D over the units of a sign of bias (0: over all), (n, T)."""
    values = scaled(run)
    return np.asarray(np.median(values[..., chosen(run, sign)], axis=-1))


def chosen(run: Arrays, sign: int) -> np.ndarray:
    """Which units (K,) began with a bias of this sign; the same in all seeds."""
    bias = run["bias"][0, 0]
    return np.ones(bias.size, dtype=bool) if sign == 0 else np.asarray(np.sign(bias) == sign)


def last(run: Arrays, sign: int = 0) -> np.ndarray:
    """The fields at the end, (n, K', D)."""
    return np.asarray(run["w"][:, -1][:, chosen(run, sign)])


def localised_share(run: Arrays, sign: int) -> np.ndarray:
    """Share of the units of a sign that are localised at the end (``localised``; on a ring), (n,)."""
    return np.asarray(localised(last(run, sign)).mean(axis=-1))


def centres(run: Arrays, sign: int) -> np.ndarray:
    """Centres of the fields at the end, (n, K'); NaN where a field is not localised."""
    w = last(run, sign)
    return np.where(localised(w), centre(w), np.nan)
