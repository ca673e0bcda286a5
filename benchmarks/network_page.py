"""The page docs/network.md: tables and a figure from the runs of benchmarks/network.py, no number typed."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from .timing import machine, table

COMMAND = "`python -m benchmarks.network`"
#: A 2-D random field has IPR x D = 3, a standing wave in both directions 2.25, stripes 1.5: localised is well above.
LOCALISED = 4.0


def largest_gap(centres: np.ndarray) -> float:
    """The largest empty stretch between neighbouring centres, as a share of the ring, in [0, 1)."""
    where = np.sort(centres)
    return float(np.max(np.diff(where, append=where[0] + 1.0)))


def gap_p_value(gap: float, count: int) -> float:
    """P(largest gap of ``count`` uniform points on a circle > ``gap``): Stevens' formula."""
    terms = (math.comb(count, k) * max(0.0, 1.0 - k * gap) ** (count - 1) for k in range(1, count + 1))
    return float(np.clip(math.fsum(-term if k % 2 == 0 else term for k, term in enumerate(terms, 1)), 0.0, 1.0))


def stack(found: dict[str, Any], name: str, of: str) -> np.ndarray:
    """A quantity of all runs of a case, (n, T, ...)."""
    return np.array([run[of] for run in found[name]["runs"].values()])


def mean_error(values: np.ndarray, digits: int = 2) -> str:
    """Mean over seeds with its standard error."""
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{values.mean():.{digits}f} ± {error:.{digits}f}"


def halves(found: dict[str, Any], name: str, at: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """IPR x D of the b > 0 and the b < 0 fields, (n, K/2) each."""
    ipr = stack(found, name, "ipr")[:, at]
    return ipr[:, : ipr.shape[1] // 2], ipr[:, ipr.shape[1] // 2 :]


def when(case: Any, t: float) -> int:
    """The index of time ``t`` among the times of a case."""
    return list(case.times).index(t)


def asked_table(found: dict[str, Any], cases: dict[str, Any]) -> str:
    """A row a claim of the issue: what was asked, measured at t = 300."""
    claims = (("ring 40", "6.5", "-"), ("ring 40, gain 10", "8", "-"), ("ring 40, gain 1", "3.5", "-"),
              ("ring 100", "17", "-"), ("ring 40", "below 4", "+"), ("ring 100", "below 4", "+"),
              ("ring 40, control", "below 4", "-"), ("ring 40, control", "below 4", "+"),
              ("ring 100, control", "below 4", "-"), ("ring 100, control", "below 4", "+"))  # fmt: skip
    rows: list[list[object]] = []
    for name, asked, sign in claims:
        part = halves(found, name, when(cases[name], 300.0))[0 if sign == "+" else 1]
        medians = np.median(part, axis=1)
        above = (part > LOCALISED).mean(axis=1)
        rows.append([f"{name}, b {'>' if sign == '+' else '<'} 0", asked, mean_error(medians),
                     f"{medians.min():.2f} .. {medians.max():.2f}", f"{part.min():.1f} .. {part.max():.1f}",
                     mean_error(100 * above, 0) + " %", len(part)])  # fmt: skip
    head = ["IPR x D at t = 300", "asked", "mean of the seeds' medians", "medians", "single fields",
            "fields above 4", "seeds"]  # fmt: skip
    return table(head, rows)


def pairs_table(found: dict[str, Any], cases: dict[str, Any]) -> str:
    """IPR x D of the b < 0 half by the number of pairs of opposite fields at one place."""
    rows: list[list[object]] = []
    for name in (n for n in cases if n.startswith("ring") and "control" not in n and "exchanged" not in n):
        at = when(cases[name], 300.0)
        medians = np.median(halves(found, name, at)[1], axis=1)
        pairs = stack(found, name, "pairs")[:, at]
        for count in sorted(set(pairs)):
            own = medians[pairs == count]
            shown = mean_error(own) if len(own) > 1 else f"{own[0]:.2f}"
            rows.append([name, count, f"{len(own)} of {len(medians)}", shown, f"{own.min():.2f} .. {own.max():.2f}"])
    return table(["runs", "opposite pairs", "seeds", "mean of medians", "range"], rows)


def time_table(found: dict[str, Any], cases: dict[str, Any]) -> str:
    """Medians of both halves and the share of b > 0 fields above 4, over time."""
    rows: list[list[object]] = []
    for name in ("ring 40", "ring 100"):
        for at, t in enumerate(cases[name].times):
            plus, minus = halves(found, name, at)
            norm = stack(found, name, "norm")[:, at]
            rows.append([name, f"{t:g}", mean_error(np.median(minus, axis=1)), mean_error(np.median(plus, axis=1)),
                         mean_error(100 * (plus > LOCALISED).mean(axis=1), 0) + " %", f"{plus.max():.1f}",
                         mean_error(norm[:, : norm.shape[1] // 2].mean(axis=1))])  # fmt: skip
    head = ["runs", "t", "b < 0, median", "b > 0, median", "b > 0 above 4", "largest b > 0", "norm, b > 0"]
    return table(head, rows)


def cover_table(found: dict[str, Any], cases: dict[str, Any]) -> str:
    """The largest gap between centres of b < 0 fields, each seed's and all together, against uniform points."""
    rows: list[list[object]] = []
    for name in ("ring 40", "ring 40, gain 10", "ring 100"):
        at, size = when(cases[name], 300.0), cases[name].size
        centres = stack(found, name, "centre")[:, at]
        centres = centres[:, centres.shape[1] // 2 :] / size
        values = np.array([gap_p_value(largest_gap(row), len(row)) for row in centres])
        together = largest_gap(centres.ravel())
        rows.append([name, len(centres), f"{(values < 0.01).sum()} of {len(values)}", f"{values.min():.2g}",
                     f"{together * size:.2f} sites", f"{gap_p_value(together, centres.size):.2g}"])  # fmt: skip
    head = ["runs", "seeds", "seeds with p < 0.01", "smallest p", "largest gap of all centres", "its p"]
    return table(head, rows)


def torus_table(found: dict[str, Any], cases: dict[str, Any]) -> str:
    """Median and extremes of IPR x D of both halves of torus runs, over time."""
    rows: list[list[object]] = []
    for name in (n for n in cases if n.startswith("torus")):
        seconds = np.mean([run["seconds"] for run in found[name]["runs"].values()])
        for at, t in enumerate(cases[name].times):
            plus, minus = halves(found, name, at)
            rows.append([name, f"{t:g}", mean_error(np.median(minus, axis=1)), f"{minus.min():.1f} .. {minus.max():.1f}",
                         mean_error(100 * (minus > LOCALISED).mean(axis=1), 0) + " %",
                         mean_error(np.median(plus, axis=1)), f"{plus.max():.1f}", len(minus),
                         f"{seconds:.0f}" if at == len(cases[name].times) - 1 else ""])  # fmt: skip
    head = ["runs", "t", "b < 0, median", "single fields", "above 4", "b > 0, median", "largest b > 0", "seeds",
            "processor s a seed"]  # fmt: skip
    return table(head, rows)


def theory_table(found: dict[str, Any], closures: dict[str, float]) -> str:
    """When the theory's relative difference from SGD first passes 1 % and 10 %, and what it is at some times."""
    times, runs = np.array(found["theory"]["times"]), list(found["theory"]["runs"].values())
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
                passed = [passes(times, mean, limit) for limit in (1.0, 10.0)]
                rows.append([closure, f"b {sign} 0", key, *passed, *shown])
    head = ["closure", "half", "quantity", "passes 1 % at t", "10 % at t", *(f"t = {times[i]:g}, %" for i in (2, 6, 12))]
    return table([*head, "at the last time (" + ", ".join(f"{c}: {t:g}" for c, t in closures.items()) + "), %"], rows)


def passes(times: np.ndarray, apart: np.ndarray, limit: float) -> str:
    """The first recorded time at which ``|apart|`` exceeds ``limit``."""
    beyond = np.flatnonzero(np.abs(apart) > limit)
    return f"{times[beyond[0]]:g}" if beyond.size else "never"
