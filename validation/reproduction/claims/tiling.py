"""Claim 1: half of the units localise and tile the ring, half oscillate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...metrics import power_spectrum
from ..claim import Claim, Data, Judgement
from ..drawing import HIGH, LOW, band, fields, participation
from ..findings import Number, over_seeds
from ..networks import networks, nlgp
from ..parts import Part
from ..scales import Scale
from ..units import LOCALISED, centres, last, localised_share, medians

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...tilings import Tiling

#: A combined p-value below this tells that the centres leave gaps that uniform ones would not.
LEVEL = 0.01
#: Centres closer than this, in sites, are one place.
PLACE = 2.0


def parts(scale: Scale) -> dict[str, tuple[Part, ...]]:
    """The networks that most other claims use too."""
    return {"nlgp": networks("network-nlgp", nlgp(scale.size), scale.seeds, swapped=True)}


def judge(data: Data, scale: Scale) -> Judgement:
    """IPR x D of both halves, and the gaps between the centres of the half that localises."""
    from ...tilings import tiling

    run = data["nlgp"]
    sites = centres(run, -1)
    sites = sites[np.isfinite(sites).any(axis=-1)]
    every, places = (tiling(sites, scale.size, merge=m) if len(sites) else None for m in (0.0, PLACE))
    power = power_spectrum(last(run, +1))
    numbers = [
        over_seeds("IPR x D, b < 0, median of a network", medians(run, -1)[:, -1], above=LOCALISED),
        over_seeds("IPR x D, b > 0, median of a network", medians(run, +1)[:, -1], below=LOCALISED),
        over_seeds("share of fields that are localised, b < 0", localised_share(run, -1)),
        over_seeds("share of fields that are localised, b > 0", localised_share(run, +1)),
        over_seeds("share of the power in the two largest wavenumbers, b > 0", _two_largest(power)),
        Number("p-value of the largest gap between places, networks combined", _combined(places), above=LEVEL),
        Number("smallest p-value of a network, each centre by itself", _smallest(every), above=LEVEL / scale.seeds),
        Number("centres a place", float(every.counts.sum() / places.counts.sum()) if every and places else np.nan),
    ]
    return numbers, (
        f"{scale.seeds} networks of 8 units, D = {scale.size}, t = 300. A sinusoid has IPR x D 1.5, a random field of "
        "many sites 3; a field is localised by the rule of phase diagrams (narrow, too, or IPR x D > 6). Fields of "
        f"opposite sign form pairs: centres within {PLACE:g} sites are one place. A small p-value would tell of gaps "
        "that uniform places, or centres, would not leave; of single networks 0.01 over their number is asked."
    )


def _combined(covered: Tiling | None) -> float:
    """The p-value of all networks together; NaN where nothing is localised."""
    return covered.combined if covered else np.nan


def _smallest(covered: Tiling | None) -> float:
    """The smallest p-value of a network."""
    return float(covered.p.min()) if covered else np.nan


def _two_largest(power: np.ndarray) -> np.ndarray:
    """Mean over units of the power in the two largest wavenumbers, one number a seed."""
    return np.asarray(np.sort(power, axis=-1)[..., -2:].sum(axis=-1).mean(axis=-1))


def draw(figure: Figure, data: Data, scale: Scale) -> None:
    """Fields of the first network by sign of bias, IPR over time, and where the centres lie."""
    run = data["nlgp"]
    low, high, over, places = figure.subplots(1, 4, width_ratios=(1, 1, 1.3, 1))
    for ax, sign, colour, words in ((low, -1, LOW, "$b < 0$"), (high, +1, HIGH, "$b > 0$")):
        fields(ax, last(run, sign)[0], colour)
        ax.set_title(f"fields, {words} (seed 0)", fontsize=9)
    band(over, run["t"], medians(run, -1), LOW, f"$b<0$, mean and sd of {scale.seeds} networks' medians")
    band(over, run["t"], medians(run, +1), HIGH, "$b>0$")
    participation(over, LOCALISED)
    for seed, sites in enumerate(centres(run, -1)):
        places.plot(sites, np.full(sites.size, seed), "o", color=LOW, markersize=4)
    places.set(xlabel="centre of the field (site)", ylabel="seed", xlim=(0, scale.size))
    places.yaxis.get_major_locator().set_params(integer=True)
    places.set_title("centres, $b < 0$", fontsize=9)


CLAIM = Claim(
    1,
    "tiling",
    "Trained on NLGP inputs, half of the units localise and tile the ring, half oscillate",
    parts,
    judge,
    draw,
    (12.0, 3.8),
)
