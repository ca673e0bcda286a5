"""Claim 1: half of the units localise and tile the ring, half oscillate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cumulode.validation.receptive_fields.localised import localised
from cumulode.validation.receptive_fields.metrics import centre, power_spectrum
from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Claim, Data, Effort, Judgement, Number, Parts, over_seeds
from cumulode.validation.reproduction.drawing import HIGH, LOW, band, fields, participation
from cumulode.validation.reproduction.networks import networks, nlgp
from cumulode.validation.reproduction.units import centres, final_median, last, localised_share, medians

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cumulode.validation.receptive_fields.tiling import Tiling

#: Units of the networks whose centres are tested: of the four centres of K = 8 the test sees only gaps of 0.86 D.
MANY = 64
#: Two localised fields of opposite sign closer than this, in sites, are a pair, which is one place.
PAIR = 2.0
#: What the test must find: centres confined to this share of the ring. Sets drawn to measure how often it does.
CONFINED, DRAWN = 0.75, 200


def parts(effort: Effort) -> Parts:
    """The networks that most other claims use too, and wider ones."""
    return {**plain_parts(effort), "many": networks("network-many", nlgp(effort.size), effort.seeds, hidden=MANY)}


def plain_parts(effort: Effort) -> Parts:
    """The networks of eight units alone."""
    return {"nlgp": networks("network-nlgp", nlgp(effort.size), effort.seeds, swapped=True)}


def judge(data: Data, effort: Effort) -> Judgement:
    """IPR x D of both halves, the gaps between the centres of the half that localises, waves of the other."""
    run = data["nlgp"]
    few, sites = (places(last(data[name], -1)) for name in ("nlgp", "many"))
    many = _covered(sites, effort.size)
    waves = _two_largest(last(run, +1)) / _of_noise(effort.size)
    numbers = [
        final_median(run, -1, "", **criteria.LOCALISES),
        final_median(run, +1, "", **criteria.STAYS_EXTENDED),
        over_seeds("power in the two largest wavenumbers over white noise's, b > 0", waves, **criteria.MORE),
        Number(f"p of the largest gap, K = {MANY}, networks combined", _p(many), **criteria.TILES),
        Number(f"share found of sets confined to {CONFINED:g} of the ring", power(many, sites), **criteria.FINDS_GAPS),
        Number("p of the largest gap, K = 8, networks combined", _p(_covered(few, effort.size))),
        over_seeds(f"places of the localised fields, K = {MANY}", np.isfinite(sites).sum(axis=-1)),
        over_seeds("share of b < 0 fields in a pair of opposite sign, K = 8", _paired(last(run, -1))),
        localised_share(run, -1),
        localised_share(run, +1),
    ]
    return numbers, (
        f"{effort.seeds} networks of 8 units and {effort.seeds} of {MANY}, D = {effort.size}, t = 300. A sinusoid has "
        "IPR x D 1.5, a random field of many sites 3; localised: narrow as well, or above 6 (as in phase diagrams). "
        f"Two of opposite sign within {PAIR:g} sites are a pair, and one place. p: that as many uniform places leave "
        f"as large a gap (Stevens). The share found is of {DRAWN} sets of as many places in {CONFINED:g} of the ring."
    )


def _covered(sites: np.ndarray, size: int) -> Tiling | None:
    """The test of every network's centres (n, K'); None where a network has no localised field."""
    from cumulode.validation.receptive_fields.tiling import tiling

    return tiling(sites, size) if np.isfinite(sites).any(axis=-1).all() else None


def places(w: np.ndarray) -> np.ndarray:
    """Where the localised ones of the fields (n, K, D) are, (n, K), a pair at its middle; NaN for the rest."""
    size = w.shape[-1]
    sites, signs = np.where(localised(w), centre(w), np.nan), np.sign(w.sum(axis=-1))
    for own, sign in zip(sites, signs, strict=True):
        apart = np.mod(own[:, None] - own + size / 2, size) - size / 2
        apart[~(np.isfinite(apart) & (sign[:, None] != sign) & (np.abs(apart) < PAIR))] = np.inf
        while np.isfinite(apart).any():  # the nearest first, each unit in one pair
            i, j = np.unravel_index(np.argmin(np.abs(apart)), apart.shape)
            own[i], own[j] = np.mod(own[j] + apart[i, j] / 2, size), np.nan
            apart[[i, j]] = apart[:, [i, j]] = np.inf
    return np.asarray(sites)


def _p(covered: Tiling | None) -> float:
    """The combined p-value; 0 where a network has nothing to cover the ring with."""
    return 0.0 if covered is None else covered.combined


def power(covered: Tiling | None, sites: np.ndarray) -> float:
    """Share of ``DRAWN`` sets of as many places, confined to ``CONFINED`` of the ring, that p finds (seed 0)."""
    if covered is None:
        return 0.0
    from cumulode.validation.receptive_fields.tiling import tiling

    size, rng = covered.size[0], np.random.default_rng(0)
    drawn = np.where(np.isfinite(sites), CONFINED * size * rng.random((DRAWN, *sites.shape)), np.nan)
    return float(np.mean([tiling(one, size).combined < criteria.TILES["above"] for one in drawn]))


def _paired(w: np.ndarray) -> np.ndarray:
    """Share of the fields (n, K', D) that are localised at the place of one of the other sign, (n,)."""
    size = w.shape[-1]
    at, sign = np.where(localised(w), centre(w), np.nan), np.sign(w.sum(axis=-1))
    apart = np.abs(at[:, :, None] - at[:, None, :])
    near = np.minimum(apart, size - apart) < PAIR
    return np.asarray((near & (sign[:, :, None] != sign[:, None, :])).any(axis=-1).mean(axis=-1))


def _two_largest(w: np.ndarray) -> np.ndarray:
    """Mean over units of the power in the two largest wavenumbers of (n, K', D), (n,)."""
    power = power_spectrum(w)
    return np.asarray(np.sort(power, axis=-1)[..., -2:].sum(axis=-1).mean(axis=-1))


def _of_noise(size: int) -> float:
    """The same of white noise (20000 fields, seed 0)."""
    return float(_two_largest(np.random.default_rng(0).standard_normal((1, 20_000, size)))[0])


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Fields of the first network by sign of bias, IPR over time, and where the centres lie."""
    run = data["nlgp"]
    low, high, over, places = figure.subplots(1, 4, width_ratios=(1, 1, 1.3, 1))
    for ax, sign, colour, words in ((low, -1, LOW, "$b < 0$"), (high, +1, HIGH, "$b > 0$")):
        fields(ax, last(run, sign)[0], colour, f"fields, {words} (seed 0)")
    band(over, run["t"], medians(run, -1), LOW, f"$b<0$, mean and sd of {effort.seeds} networks' medians")
    band(over, run["t"], medians(run, +1), HIGH, "$b>0$")
    participation(over)
    for seed, sites in enumerate(centres(run, -1)):
        places.plot(sites, np.full(sites.size, seed), "o", color=LOW, markersize=4)
    places.set(xlabel="centre of the field (site)", ylabel="seed", xlim=(0, effort.size))
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
