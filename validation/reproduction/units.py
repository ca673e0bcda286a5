"""Statistics of the hidden units of trained networks, apart by the sign of their bias: one number a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.validation.receptive_fields.localised import localised
from cumulode.validation.receptive_fields.metrics import centre, ipr

from . import criteria
from .claim import Data, Effort
from .drawing import CONTROL, HIGH, LOW, OTHER, two_kinds
from .findings import Number, over_seeds
from .parts import Arrays

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scaled(run: Arrays) -> np.ndarray:
    """IPR x D, (n, T, K), or (n, T) of a single neuron."""
    return np.asarray(ipr(run["w"]) * run["w"].shape[-1])


def medians(run: Arrays, sign: int = 0) -> np.ndarray:
    """Median IPR x D over the units of a sign of bias (0: over all), (n, T)."""
    return np.asarray(np.median(scaled(run)[..., chosen(run, sign)], axis=-1))


def chosen(run: Arrays, sign: int) -> np.ndarray:
    """Which units (K,) began with a bias of this sign; the same in all seeds."""
    bias = run["bias"][0, 0]
    return np.ones(bias.size, dtype=bool) if sign == 0 else np.asarray(np.sign(bias) == sign)


def last(run: Arrays, sign: int = 0) -> np.ndarray:
    """The fields at the end, (n, K', D)."""
    return np.asarray(run["w"][:, -1][:, chosen(run, sign)])


def centres(run: Arrays, sign: int) -> np.ndarray:
    """Centres of the fields at the end, (n, K'); NaN where a field is not localised."""
    w = last(run, sign)
    return np.where(localised(w), centre(w), np.nan)


def final_median(run: Arrays, sign: int, words: str = "", **criterion: Any) -> Number:
    """IPR x D at the end, median over a network's units of this sign."""
    what = f"IPR x D, {words}b {'<' if sign < 0 else '>'} 0, median of a network"
    return over_seeds(what, medians(run, sign)[:, -1], **criterion)


def localised_share(run: Arrays, sign: int, words: str = "") -> Number:
    """Share of the units of a sign that are localised at the end (``localised``; on a ring)."""
    what = f"share of fields that are localised, {words}b {'<' if sign < 0 else '>'} 0"
    return over_seeds(what, localised(last(run, sign)).mean(axis=-1))


def against_control(data: Data, name: str, words: str) -> list[Number]:
    """IPR x D of both halves of ``control``, which must stay low, and by how much ``name`` exceeds it."""
    ratio = medians(data[name], -1)[:, -1] / medians(data["control"], -1)[:, -1]
    return [
        final_median(data["control"], -1, "control, ", **criteria.STAYS_EXTENDED),
        final_median(data["control"], +1, "control, ", **criteria.STAYS_EXTENDED),
        over_seeds(f"IPR x D of {words} over control, b < 0", ratio, **criteria.MORE),
    ]


def draw_against_control(figure: Figure, data: Data, effort: Effort, name: str, words: str) -> None:
    """Fields on some inputs and on their Gaussian control, and IPR over time."""
    run, control = data[name], data["control"]
    pair = ((run, LOW, words), (control, CONTROL, "Gaussian control"))
    curves = (
        (run, -1, LOW, f"{words}, $b<0$, mean and sd of {effort.seeds} networks' medians"),
        (run, +1, HIGH, f"{words}, $b>0$"),
        (control, -1, CONTROL, "control, $b<0$"),
        (control, +1, OTHER, "control, $b>0$"),
    )
    two_kinds(
        figure,
        [(last(of, -1)[0], colour, f"{title}, $b < 0$ (seed 0)") for of, colour, title in pair],
        [(of["t"], medians(of, sign), colour, label) for of, sign, colour, label in curves],
    )
