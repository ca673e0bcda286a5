"""What every claim is held to, and how much is computed for it: fixed before the data are looked at.

No claim has a threshold of its own. ``digest`` of these numbers and of the rule of what is localised stands
beside every verdict, so that those by other criteria are known.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from cumulode.validation.receptive_fields import localised

Criterion = dict[str, float]


@dataclass(frozen=True)
class Effort:
    """Sizes and numbers of a run of ``reproduce``; all else (gains, biases, rates, times) is the same in both.

    Attributes
    ----------
    size : int
        Sites D of the rings.
    seeds, variant_seeds : int
        Of the networks; of each variant of claim 4.
    torus_time : float
    neuron_seeds : int
        Of a single neuron's SGD, from each start.
    starts : int
        Of the theory.
    gains : int
        Of the tensor's decompositions.
    """

    name: str
    size: int
    seeds: int
    variant_seeds: int
    torus_time: float
    neuron_seeds: int
    starts: int
    gains: int


QUICK = Effort("quick", size=40, seeds=8, variant_seeds=6, torus_time=300.0, neuron_seeds=8, starts=8, gains=5)
FULL = Effort("full", size=100, seeds=16, variant_seeds=12, torus_time=600.0, neuron_seeds=64, starts=32, gains=9)

#: Networks, starts: the median (the extreme) of IPR x D where fields localise, and where they do not.
LOCALISES: Criterion = {"above": localised.MEDIAN_LOCALISED}
STAYS_EXTENDED: Criterion = {"below": localised.MEDIAN_LOCALISED}
#: Ratios that tell one thing from another, and differences.
MORE: Criterion = {"above": 1.0}
POSITIVE: Criterion = {"above": 0.0}
NEGATIVE: Criterion = {"below": 0.0}

#: Claim 1: p of uniform centres, of all networks together; and the share of sets of as many centres, confined to
#: three quarters of the ring, that this p finds.
TILES: Criterion = {"above": 0.01}
FINDS_GAPS: Criterion = {"above": 0.9}
#: Claim 3: correlation of fields and filters.
MATCHES: Criterion = {"above": 0.9}
#: Claim 5: cosine of weights on the two kinds of inputs, early and late; the gap of losses early over late.
ALIKE: Criterion = {"above": 0.9}
APART: Criterion = {"below": 0.9}
GROWS: Criterion = {"below": 0.5}
#: Claim 7: overlap of fields with the factors of the cumulant; width over the correlation length.
OVERLAPS: Criterion = {"above": 0.8}
WIDE_AS: Criterion = {"above": 0.25}
NARROW_AS: Criterion = {"below": 1.0}
IN_PROPORTION: Criterion = {"below": 1.05}
#: Claim 9: theory may differ from SGD by this share, the closures' known error (theory.md section 3).
CLOSE: Criterion = {"below": 0.1}


def digest() -> str:
    """Of all numbers above and of the rule of what is localised."""
    rule = {name: value for name, value in vars(localised).items() if name.isupper()}
    own = {name: value for name, value in globals().items() if name.isupper() and isinstance(value, dict)}
    efforts = [vars(QUICK), vars(FULL)]
    text = json.dumps([own, efforts, {k: repr(v) for k, v in rule.items()}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
