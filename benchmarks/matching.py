"""Fields of fully connected networks against filters of convolutional ones: ``python -m benchmarks.matching [D ...]``.

Correlations after alignment (``match_fields``), widths and tiling at xi 4/1, gain 3, balanced biases -1/+1, K = F = 8,
t = 300, batch 100, learning rate 0.01, four seeds; beside them two baselines, fields of another seed and random rows.
D = 40 takes minutes, D = 100 with whole filters a quarter of an hour on two cores.
"""

from __future__ import annotations

import sys

import numpy as np

from cumulode import NLGP, Problem, centre, match_fields, simulate_convolutional, simulate_network, tiling

SEEDS = [0, 1, 2, 3]
TIMES = [0, 300]
HALVES = {"b > 0": slice(0, 4), "b < 0": slice(4, 8)}
Pairs = list[tuple[np.ndarray, np.ndarray]]


def show(name: str, pairs: Pairs) -> None:
    """Quartiles of the correlation over all fields of all seeds, and median widths."""
    matches = [match_fields(fields, filters) for fields, filters in pairs]
    r, field, filter_ = (
        np.concatenate([getattr(m, part) for m in matches]) for part in ("correlation", "field_width", "filter_width")
    )
    quartiles = " ".join(f"{q:.3f}" for q in np.quantile(r, [0.25, 0.5, 0.75]))
    widths = f"widths {np.median(field):.2f}, {np.median(filter_):.2f}"
    print(f"{name:42s} quartiles {quartiles}  least {r.min():.3f}  {widths}", flush=True)


def measure(size: int, filter_sizes: tuple[int | None, ...]) -> None:
    """Print the table of one ring."""
    problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), size, bias=-1.0)
    fields = simulate_network(problem, t_eval=TIMES, seeds=SEEDS).w[:, -1]
    random = np.random.default_rng(0).standard_normal((len(SEEDS), 4, size))
    for half, units in HALVES.items():
        own = fields[:, units]
        print(f"D = {size}, {half}: {tiling(centre(own), size)}")
        show("  fields of the next seed", list(zip(own, np.roll(own, -1, axis=0), strict=True)))
        show("  random rows", list(zip(own, random, strict=True)))
    for taps in filter_sizes:
        for readout in ("pooled", "full"):
            run = simulate_convolutional(problem, 8, taps, readout, t_eval=TIMES, seeds=SEEDS)
            for half, units in HALVES.items():
                filters = run.fields[:, -1, units]
                name = f"  {half}, {readout}, filter size {taps or size}"
                show(name, list(zip(fields[:, units], filters, strict=True)))


if __name__ == "__main__":
    for D in [int(given) for given in sys.argv[1:]] or [40]:
        measure(D, (None, 15) if D < 100 else (25, None))
