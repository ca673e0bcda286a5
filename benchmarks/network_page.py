"""The page docs/network.md: tables and a figure from the runs of benchmarks/network.py, no number typed."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.validation.receptive_fields.localised import MEDIAN_LOCALISED
from cumulode.validation.receptive_fields.tiling import largest_gap_p

from .timing import machine, table

COMMAND = "`python -m benchmarks.network`"


def largest_gap(centres: np.ndarray) -> float:
    """The largest empty stretch between neighbouring centres, as a share of the ring, in [0, 1)."""
    where = np.sort(centres)
    return float(np.max(np.diff(where, append=where[0] + 1.0)))


def stack(records: dict[str, Any], name: str, of: str) -> np.ndarray:
    """A quantity of all runs of a case, (n, T, ...)."""
    return np.array([run[of] for run in records[name]["runs"].values()])


def mean_error(values: np.ndarray, digits: int = 2) -> str:
    """Mean over seeds with its standard error."""
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{values.mean():.{digits}f} ± {error:.{digits}f}"


def halves(records: dict[str, Any], name: str, at: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """IPR x D of the b > 0 and the b < 0 fields, (n, K/2) each."""
    ipr = stack(records, name, "ipr")[:, at]
    return ipr[:, : ipr.shape[1] // 2], ipr[:, ipr.shape[1] // 2 :]


def when(case: Any, t: float) -> int:
    """The index of time ``t`` among the times of a case."""
    return list(case.times).index(t)


def reference_table(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """A row a claim: the reference, and what is measured at t = 300."""
    claims = (("ring 40", "6.5", "-"), ("ring 40, gain 10", "8", "-"), ("ring 40, gain 1", "3.5", "-"),
              ("ring 100", "17", "-"), ("ring 40", "below 4", "+"), ("ring 100", "below 4", "+"),
              ("ring 40, control", "below 4", "-"), ("ring 40, control", "below 4", "+"),
              ("ring 100, control", "below 4", "-"), ("ring 100, control", "below 4", "+"))  # fmt: skip
    rows: list[list[object]] = []
    for name, reference, sign in claims:
        part = halves(records, name, when(cases[name], 300.0))[0 if sign == "+" else 1]
        medians = np.median(part, axis=1)
        above = (part > MEDIAN_LOCALISED).mean(axis=1)
        rows.append([f"{name}, b {'>' if sign == '+' else '<'} 0", reference, mean_error(medians),
                     f"{medians.min():.2f} .. {medians.max():.2f}", f"{part.min():.1f} .. {part.max():.1f}",
                     mean_error(100 * above, 0) + " %", len(part)])  # fmt: skip
    head = ["IPR x D at t = 300", "reference", "mean of the seeds' medians", "medians", "single fields",
            "fields above 4", "seeds"]  # fmt: skip
    return table(head, rows)


def pairs_table(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """IPR x D of the b < 0 half by the number of pairs of opposite fields at one place."""
    rows: list[list[object]] = []
    for name in (n for n in cases if n.startswith("ring") and "control" not in n and "exchanged" not in n):
        at = when(cases[name], 300.0)
        medians = np.median(halves(records, name, at)[1], axis=1)
        pairs = stack(records, name, "pairs")[:, at]
        for count in sorted(set(pairs)):
            own = medians[pairs == count]
            shown = mean_error(own) if len(own) > 1 else f"{own[0]:.2f}"
            rows.append([name, count, f"{len(own)} of {len(medians)}", shown, f"{own.min():.2f} .. {own.max():.2f}"])
    return table(["runs", "opposite pairs", "seeds", "mean of medians", "range"], rows)


def time_table(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """Medians of both halves and the share of b > 0 fields above 4, over time."""
    rows: list[list[object]] = []
    for name in ("ring 40", "ring 100"):
        for at, t in enumerate(cases[name].times):
            plus, minus = halves(records, name, at)
            norm = stack(records, name, "norm")[:, at]
            rows.append([name, f"{t:g}", mean_error(np.median(minus, axis=1)), mean_error(np.median(plus, axis=1)),
                         mean_error(100 * (plus > MEDIAN_LOCALISED).mean(axis=1), 0) + " %", f"{plus.max():.1f}",
                         mean_error(norm[:, : norm.shape[1] // 2].mean(axis=1))])  # fmt: skip
    head = ["runs", "t", "b < 0, median", "b > 0, median", "b > 0 above 4", "largest b > 0", "norm, b > 0"]
    return table(head, rows)


def cover_table(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """The largest gap between centres of b < 0 fields, each seed's and all together, against uniform points."""
    rows: list[list[object]] = []
    for name in ("ring 40", "ring 40, gain 10", "ring 100"):
        at, size = when(cases[name], 300.0), cases[name].size
        centres = stack(records, name, "centre")[:, at]
        centres = centres[:, centres.shape[1] // 2 :] / size
        values = np.array([largest_gap_p(largest_gap(row), len(row)) for row in centres])
        together, single = largest_gap(centres.ravel()), largest_gap(centres[:, 0])
        apart = np.abs(centres[:, :, None] - centres[:, None, :])
        most = (np.minimum(apart, 1.0 - apart) * size).max(axis=(1, 2))
        rows.append([name, len(centres), f"{single * size:.1f} sites", f"{largest_gap_p(single, len(centres)):.2g}",
                     f"{together * size:.1f} sites", f"{(values < 0.01).sum()} of {len(values)}", f"{values.min():.2g}",
                     f"{np.median(most):.0f} ({most.min():.0f} .. {most.max():.0f})"])  # fmt: skip
    head = ["runs", "seeds", "one field a seed: largest gap", "its p", "all fields: largest gap",
            "seeds with p < 0.01", "smallest p", "farthest two of a seed, sites: median (range)"]  # fmt: skip
    return table(head, rows)


def torus_table(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """Median and extremes of IPR x D of both halves of torus runs, over time."""
    rows: list[list[object]] = []
    for name in (n for n in cases if n.startswith("torus")):
        seconds = np.mean([run["seconds"] for run in records[name]["runs"].values()])
        for at, t in enumerate(cases[name].times):
            plus, minus = halves(records, name, at)
            width = stack(records, name, "width")[:, at]
            wide = [mean_error(half.mean(axis=1)) for half in np.split(width, 2, axis=1)]
            rows.append([name, f"{t:g}", mean_error(np.median(minus, axis=1)),
                         f"{minus.min():.1f} .. {minus.max():.1f}",
                         mean_error(100 * (minus > MEDIAN_LOCALISED).mean(axis=1), 0) + " %",
                         mean_error(np.median(plus, axis=1)), f"{plus.max():.1f}", wide[1], wide[0], len(minus),
                         f"{seconds:.0f}" if at == len(cases[name].times) - 1 else ""])  # fmt: skip
    head = ["runs", "t", "b < 0, median", "single fields", "above 4", "b > 0, median", "largest b > 0", "width b < 0",
            "width b > 0", "seeds", "processor s a seed"]  # fmt: skip
    return table(head, rows)


def theory_table(records: dict[str, Any], closures: dict[str, float]) -> str:
    """When the theory's relative difference from SGD first passes 1 % and 10 %, and what it is at some times."""
    times, runs = np.array(records["theory"]["settings"]["times"]), list(records["theory"]["runs"].values())
    if len(runs) < 2:
        return "Not yet run."
    rows: list[list[object]] = []
    for closure, last in closures.items():
        for half, sign in ((1, "<"), (0, ">")):
            for key in ("k2", "norm", "IPR x D"):
                sgd = np.array([run["sgd"][key] for run in runs])[..., half]
                theory = np.array([run[closure][key] for run in runs])[..., half]
                sgd = sgd[:, : theory.shape[1]]
                apart = 100 * (theory - sgd) / sgd.mean(axis=0)
                mean, error = apart.mean(axis=0), apart.std(axis=0, ddof=1) / math.sqrt(len(runs))
                shown = [f"{mean[i]:+.1f} ± {error[i]:.1f}" for i in (2, 6, 12, np.flatnonzero(times <= last)[-1])]
                passed = [passes(times, mean, error, limit) for limit in (1.0, 10.0)]
                rows.append([closure, f"b {sign} 0", key, *passed, *shown])
    head = ["closure", "half", "quantity", "passes 1 % at t", "10 % at t"]
    head += [f"t = {times[i]:g}, %" for i in (2, 6, 12)]
    return table([*head, "at the last time (" + ", ".join(f"{c}: {t:g}" for c, t in closures.items()) + "), %"], rows)


def passes(times: np.ndarray, apart: np.ndarray, error: np.ndarray, limit: float) -> str:
    """The first of two recorded times running at which ``|apart|`` exceeds ``limit`` and three errors."""
    beyond = np.abs(apart) > np.maximum(limit, 3 * error)
    beyond = np.flatnonzero(beyond[:-1] & beyond[1:])
    return f"{times[beyond[0]]:g}" if beyond.size else "not seen"


def figure(records: dict[str, Any], names: list[str], path: Path) -> None:
    """The fields of seed 0 of every torus case at its last time, b > 0 first, each on its own scale."""
    from matplotlib.figure import Figure

    fields = {name: np.array(records[name]["runs"]["0"]["w"]) for name in names}
    most = max(map(len, fields.values()))
    fig = Figure(figsize=(1.3 * most, 1.75 * len(names)), layout="constrained")
    axes = fig.subplots(len(names), most, squeeze=False)
    for row, (name, w) in zip(axes, fields.items(), strict=True):
        ipr = records[name]["runs"]["0"]["ipr"][-1]
        for ax in row:
            ax.axis("off")
        for k, (ax, one) in enumerate(zip(row, w, strict=False)):
            side, top = math.isqrt(one.size), np.abs(one).max()
            ax.imshow(one.reshape(side, side), cmap="RdBu_r", vmin=-top, vmax=top)
            sign = ">" if k < len(w) // 2 and "equal" not in name else "<"
            ax.set_title(f"b {sign} 0: {ipr[k]:.1f}", fontsize=8)
        row[0].text(0, 1.25, name, transform=row[0].transAxes, fontsize=9).set_in_layout(False)
    path.parent.mkdir(exist_ok=True)
    fig.get_layout_engine().set(h_pad=0.15, rect=(0, 0, 1, 0.96))
    fig.savefig(path, dpi=90)


def write_page(records: dict[str, Any], cases: dict[str, Any], closures: dict[str, float], docs: Path) -> None:
    """docs/network.md and its figure, of the cases that have been run; ``closures`` and until when each was solved."""
    done = {name: case for name, case in cases.items() if records[name]["runs"]}
    tori = [name for name in done if name.startswith("torus")]
    figure(records, tori, docs / "figures" / "network-torus.png")
    runs = {name: len(records[name]["runs"]) for name in cases}
    missing = [f"{name}: {runs[name]} of {case.seeds}" for name, case in cases.items() if runs[name] < case.seeds]
    parts = [
        INTRODUCTION,
        "## Reference and measured\n",
        reference_table(records, done),
        PAIRS,
        pairs_table(records, done),
        HALVES,
        time_table(records, done),
        lasting(records, done),
        exchanged(records, done),
        "## Centres\n",
        CENTRES,
        cover_table(records, done),
        TORUS,
        torus_table(records, done),
        "\n![fields on the torus](figures/network-torus.png)\n\nFields of seed 0 at the last time.\n",
        THEORY,
        theory_table(records, closures),
        *(["\nNot yet run in full: " + "; ".join(missing) + "."] if missing else []),
        f"\n*{machine()}; one thread; {time.strftime('%Y-%m-%d')}.*\n",
    ]
    (docs / "network.md").write_text("\n".join(parts))


def exchanged(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """What the run with the classes exchanged shows."""
    name = "ring 40, classes exchanged"
    plus, minus = (mean_error(np.median(part, axis=1)) for part in halves(records, name, when(cases[name], 300.0)))
    return (
        "\nWhich half localises is set by the label of the class of long range, not by the bias alone: with the classes"
        f" exchanged the medians at D = 40, t = 300 are {plus} for b > 0 and {minus} for b < 0, as the symmetry"
        " y, b, w -> -y, -b, -w says.\n"
    )


def lasting(records: dict[str, Any], cases: dict[str, Any]) -> str:
    """Whether b > 0 fields above 4 stay there, and how many fields of noise are."""
    said = []
    for name in ("ring 40", "ring 100"):
        above = halves(records, name, when(cases[name], 300.0))[0] > MEDIAN_LOCALISED
        later = halves(records, name)[0] > MEDIAN_LOCALISED
        noise = np.random.default_rng(0).standard_normal((100_000, cases[name].size))
        scaled = cases[name].size * np.sum(noise**4, axis=1) / np.sum(noise**2, axis=1) ** 2
        said.append(
            f"{name}: of {above.sum()} b > 0 fields above 4 at t = 300, {(above & later).sum()} are at t ="
            f" {cases[name].times[-1]:g}, with {(later & ~above).sum()} new ones; of fields of white noise"
            f" {100 * (scaled > MEDIAN_LOCALISED).mean():.1f} % are above 4"
        )
    return "\n" + ". ".join(said) + ".\n"


INTRODUCTION = f"""# Networks of eight hidden units

Written by {COMMAND}, which keeps every run in docs/network.json. A committee of K = 8 with
fixed balanced biases -1/+1, xi 4/1, gain 3, rows of w0 of norm about 0.1, batch 100, learning rate 0.01, time =
learning rate x steps, unless a case says otherwise. Errors are standard errors over seeds 0, 1, 2, ...; a seed's median
is over the four fields of a half.
"""

PAIRS = """
"Reference" are numbers that an independent implementation in PyTorch gave from few seeds; at D = 100 two seeds of it,
17.25 and 14.93.

## Collective states

The b < 0 fields of one seed are not independent: two may come to lie at the same place as one another's negative
(cosine below -0.8, counted here at t = 300). The median of a seed depends on how many such pairs there are far more
than it scatters within one count, so that few seeds say little: compare within a row.
"""

HALVES = """
## The b > 0 half over time
"""

CENTRES = """The largest gap between centres of b < 0 fields at t = 300 against that of uniform points (Stevens).
The first b < 0 fields of all seeds are independent of one another: their p is exact, and says whether the ring is
covered over seeds. The p of one seed's four fields says whether a single network tiles; where two pairs have formed, it
has two places rather than four, and the p is smaller for it.
"""

TORUS = """
## Two dimensions

IPR x D is 3 for a random field, 2.25 for a standing wave in both directions, 1.5 for stripes, and D / (2 pi s^2) for a
round bump exp(-r^2 / (2 s^2)): with D = 400, 15.9 at s = 2, 7.1 at s = 3 and 4.0 at s = 4, so that the share
above 4 is given; what is called localised elsewhere (theory.md section 1) is narrow as well, or above 6. The width (rms
distance from the centre) is s for such a bump and L / sqrt 6 = 8.2 sites for a uniform field.
"""

THEORY = """
## Theory against SGD until it fails

D = 40, batch 1000, the same w0 for both, means over the neurons of a half; the difference is of the mean over seeds,
relative to SGD's, with its standard error. "Passes" is the first of two recorded times running at which the mean
difference exceeds the limit and three errors: where errors are above the limit the theory may have passed it earlier.
"""
