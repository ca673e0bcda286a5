"""Networks of eight hidden units: where their fields localise, on rings and a torus, beside the Gaussian control.

The committee with fixed balanced biases -1/+1, rows of w0 of norm about 0.1, batch 100, learning rate 0.01, t = 300.
``python -m benchmarks.network``; ``--seeds`` for more runs of each.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from cumulode.theory import NLGP, Problem
from cumulode.validation import simulate_network

from .timing import table

#: Sides of ring or torus, gain, xi of plus and minus, Gaussian control.
CASES = (
    (40, 3.0, (4.0, 1.0), False),
    (40, 3.0, (4.0, 1.0), True),
    (40, 10.0, (4.0, 1.0), False),
    (40, 1.0, (4.0, 1.0), False),
    (100, 3.0, (4.0, 1.0), False),
    (100, 3.0, (4.0, 1.0), True),
    ((20, 20), 3.0, (2.0, 1.0), False),
    ((20, 20), 3.0, (2.0, 1.0), True),
)


def largest_gap(centres: np.ndarray) -> float:
    """The largest empty stretch between neighbouring centres, as a share of the ring, in [0, 1)."""
    where = np.sort(centres)
    return float(np.max(np.diff(where, append=where[0] + 1.0)))


def gap_p_value(gap: float, count: int) -> float:
    """P(largest gap of ``count`` uniform points on a circle > ``gap``): Stevens' formula."""
    terms = (math.comb(count, k) * max(0.0, 1.0 - k * gap) ** (count - 1) for k in range(1, count + 1))
    return float(np.clip(math.fsum(-term if k % 2 else term for k, term in enumerate(terms)), 0.0, 1.0))


def measure(size: int | tuple[int, int], gain: float, xi: tuple[float, float], control: bool, seeds: int,
            time: float = 300.0) -> dict[str, object]:
    """Median IPR x D of both halves with standard error over seeds, their range, and how the centres cover the ring."""
    problem = Problem(NLGP(gain, xi[0]), NLGP(gain, xi[1]), size, bias=-1.0)
    net = simulate_network(problem.gaussian_control() if control else problem, t_eval=[time], seed=list(range(seeds)))
    if not net.success:
        raise RuntimeError(net.message)
    scaled, half = net.ipr[:, 0] * net.size, net.hidden // 2
    found: dict[str, object] = {"seconds": net.provenance["run_seconds"], "accuracy": float(net.accuracy.mean()),
                                "accuracy_error": float(math.hypot(net.accuracy[:, 0].std(ddof=1) / math.sqrt(seeds),
                                                                   net.accuracy_error.mean()))}
    for name, part in (("positive", scaled[:, :half]), ("negative", scaled[:, half:])):
        medians = np.median(part, axis=1)
        found[name] = float(np.median(part))
        found[f"{name}_error"] = float(1.2533 * medians.std(ddof=1) / math.sqrt(seeds))
        found[f"{name}_range"] = (float(part.min()), float(part.max()))
    if len(problem.shape) == 1 and not control:
        centres = net.centre[:, 0, half:] / net.size
        gaps = [largest_gap(row) for row in centres]
        together = largest_gap(centres.ravel())
        found |= {"gap": float(np.median(gaps)), "p_smallest": min(gap_p_value(g, half) for g in gaps),
                  "all_gap": together, "all_p": gap_p_value(together, centres.size)}
    return found


def localisation(seeds: int = 8) -> str:
    """The cases as a Markdown table."""
    rows: list[list[object]] = []
    for size, gain, xi, control in CASES:
        m = measure(size, gain, xi, control, seeds)
        low, high = m["negative_range"]  # type: ignore[misc]
        top = m["positive_range"][1]  # type: ignore[index]
        covers = f"{m['all_gap']:.3f} (p = {m['all_p']:.2g}); {m['p_smallest']:.2g}" if "gap" in m else "-"
        shown = f"{size[0]} x {size[1]}" if isinstance(size, tuple) else size
        rows.append([shown, f"{gain:g}", f"{xi[0]:g}/{xi[1]:g}", "GP" if control else "NLGP",
                     f"{m['negative']:.2f} +- {m['negative_error']:.2f}", f"{low:.1f} .. {high:.1f}",
                     f"{m['positive']:.2f} +- {m['positive_error']:.2f}", f"{top:.1f}",
                     f"{m['accuracy']:.4f} +- {m['accuracy_error']:.4f}", covers, f"{m['seconds']:.0f}"])
        print(" | ".join(map(str, rows[-1])), flush=True)
    return table(["D", "gain", "xi", "inputs", "IPR x D, b < 0", "range", "IPR x D, b > 0", "largest", "accuracy",
                  "largest gap of all centres (p); smallest p of a seed", "seconds"], rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    print(localisation(parser.parse_args().seeds))


if __name__ == "__main__":
    main()
