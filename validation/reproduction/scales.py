"""How much is computed: quick enough for an afternoon's check, or as much as the statements deserve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes and numbers of a run of ``reproduce``; all else (gains, biases, rates, times) is the same in both."""

    name: str
    size: int  # sites D of the rings
    seeds: int  # of the networks
    variant_seeds: int  # of each variant of claim 4
    torus_time: float
    neuron_seeds: int  # of a single neuron's SGD
    starts: int  # of the theory
    gains: int  # of the tensor's decompositions


QUICK = Scale("quick", size=40, seeds=8, variant_seeds=6, torus_time=300.0, neuron_seeds=8, starts=8, gains=5)
FULL = Scale("full", size=100, seeds=16, variant_seeds=12, torus_time=600.0, neuron_seeds=16, starts=32, gains=9)
