"""Claim 3: the fields match the filters of a convolutional network trained on the same task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import Problem
from cumulode.validation.receptive_fields.metrics import width
from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Parts, over_seeds
from cumulode.validation.reproduction.drawing import DASHED, HIGH, LOW, dots
from cumulode.validation.reproduction.networks import HIDDEN, TIME, checked, in_groups, nlgp, times
from cumulode.validation.reproduction.units import last

from . import control

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cumulode.validation.receptive_fields.matching import Match

#: A step of a filter is a mean over all positions, too: with ten inputs it is less noisy than a unit's with a hundred.
BATCH = 10
#: Added to the seeds: a filter and a field of one seed would have the same start.
APART = 1000


def parts(effort: Effort) -> Parts:
    """The fully connected networks, their control, and convolutional ones."""
    settings = {"problem": nlgp(effort.size).to_dict(), "filters": HIDDEN, "batch": BATCH, "time": TIME, "apart": APART}
    return {**control.parts(effort), "filters": in_groups("filters", _filters, effort.seeds, settings)}


def _filters(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.validation.sgd.convolutional.simulate import simulate_convolutional

    run = simulate_convolutional(
        Problem.from_dict(settings["problem"]),
        filters=settings["filters"],
        t_eval=times(settings["time"]),
        batch_size=settings["batch"],
        seeds=[settings["apart"] + seed for seed in settings["seeds"]],
        progress=progress,
    )
    return checked(run, ("w", "bias"))


def matched(data: Data, sign: int, seed: int, fields: str = "nlgp") -> Match:
    """Fields of one seed's committee with the filters of the same seed, both of this sign of bias."""
    from cumulode.validation.receptive_fields.matching import match_fields

    return match_fields(last(data[fields], sign)[seed], last(data["filters"], sign)[seed])


def _correlations(data: Data, sign: int, fields: str = "nlgp") -> np.ndarray:
    """Median best-aligned correlation of every seed, (n,)."""
    seeds = range(len(data["filters"]["w"]))
    return np.array([np.median(matched(data, sign, seed, fields).correlation) for seed in seeds])


def judge(data: Data, effort: Effort) -> Judgement:
    """Correlations after alignment, of both signs of bias and of the control; widths."""
    of_fields, of_filters = (np.median(width(last(data[name], -1)), axis=-1) for name in ("nlgp", "filters"))
    fields, control = _correlations(data, -1), _correlations(data, -1, "control")
    numbers = [
        over_seeds("correlation of fields and filters, b < 0, median of a network", fields, **criteria.MATCHES),
        over_seeds("the same, fields of the Gaussian control", control),
        over_seeds("the former less the latter", fields - control, **criteria.POSITIVE),
        over_seeds("correlation of fields and filters, b > 0", _correlations(data, +1)),
        over_seeds("width of fields over width of filters, b < 0", of_fields / of_filters),
    ]
    return numbers, (
        f"{effort.seeds} committees of 8 units and as many convolutional networks of 8 filters over the whole ring "
        f"(pooled, batch {BATCH}), D = {effort.size}, t = 300; Pearson's correlation after the best translation, "
        "reflection and sign, each filter used once, starts of their own. Bumps of nearly any widths correlate above "
        "0.9: the widths are reported, and the control, what alignment alone gives."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Fields and their filters of the first seed, and all correlations."""
    from cumulode.validation.plots.match import plot_match

    pairs, over = figure.subplots(1, 2, width_ratios=(1.6, 1))
    plot_match(matched(data, -1, 0), ax=pairs)
    pairs.set_title("$b < 0$, seed 0", fontsize=9)
    kinds = ((-1, "nlgp", LOW, "$b < 0$"), (+1, "nlgp", HIGH, "$b > 0$"), (-1, "control", "0.5", "control,\n$b < 0$"))
    correlations = [
        np.concatenate([matched(data, sign, seed, name).correlation for seed in range(effort.seeds)])
        for sign, name, _, _ in kinds
    ]
    dots(over, correlations, [colour for *_, colour, _ in kinds], [words for *_, words in kinds])
    over.axhline(criteria.MATCHES["above"], color="0.6", linestyle=DASHED, linewidth=1)
    over.set(ylim=(0, 1.03), ylabel="best-aligned correlation")
    over.set_title("each dot a field, the bar their median", fontsize=9)


CLAIM = Claim(
    3,
    "filters",
    "The fields match the filters of a convolutional network trained on the same task",
    parts,
    judge,
    draw,
    (11.0, 4.4),
)
