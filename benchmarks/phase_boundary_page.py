"""Tables and figures of docs/phase-boundary.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.validation.plots.roles import COLOURS

from .timing import table

LINES = {"regression": "-", "tree": (0, (5, 2))}
HEADINGS = ["gain", "theory", "of starts", "cross", "tree", "SGD", "error", "z", "z tree", "2 x rate adds"]
HEADINGS += ["limit", "z limit", "fit p", "verdict"]


def lines_table(found: Any, closures: Any) -> str:
    """A row a gain."""
    rows = []
    for gain in found.gain.values:
        at = {name: v.item() for name, v in found.sel(gain=gain).data_vars.items() if v.ndim == 0}
        tree = float(closures.critical.sel(gain=gain, closure="tree"))
        own = int(np.isfinite(found.critical_of_seed.sel(gain=gain)).sum())
        rows.append([
            f"{gain:g}", f"{at['critical']:.3f}", f"{at['standard_error']:.2g}", f"{own} of {found.sizes['seed']}",
            f"{tree:.3f}", f"{at['sgd_critical']:.3f}", f"{at['sgd_standard_error']:.3f}", f"{at['z']:+.1f}",
            f"{(tree - at['sgd_critical']) / at['sgd_standard_error']:+.1f}",
            f"{at['sgd_shift']:+.3f} ± {at['sgd_shift_error']:.3f}",
            f"{at['sgd_limit']:.3f} ± {at['sgd_limit_error']:.3f}", f"{at['z_limit']:+.1f}", f"{at['sgd_fit_p']:.2f}",
            at["verdict"] + (" *" if at["sgd_remark"] else ""),
        ])  # fmt: skip
    return table(HEADINGS, [[cell.replace("+nan", "-").replace("nan", "-") for cell in row] for row in rows])


def pooled(
    found: Any, theory: np.ndarray, sgd: str = "sgd_critical", error: str = "sgd_standard_error"
) -> tuple[float, float]:
    """Weighted mean over the gains of SGD / theory - 1 in percent, and its standard error."""
    there = np.isfinite(found[sgd].values)
    apart = 100 * (found[sgd].values / theory - 1)[there]
    weight = ((theory / (100 * found[error].values)) ** 2)[there]
    return float(np.average(apart, weights=weight)), float(1 / np.sqrt(weight.sum()))


def pooled_table(cases: dict[str, tuple[Any, Any]]) -> str:
    """Both closures against SGD, and against its limit, over all gains of a ring."""
    rows = []
    for name, (found, closures) in cases.items():
        for closure in closures.closure.values:
            theory = closures.critical.sel(closure=closure).values
            row = [name, str(closure)]
            for pair in (("sgd_critical", "sgd_standard_error"), ("sgd_limit", "sgd_limit_error")):
                mean, error = pooled(found, theory, *pair)
                row += [f"{mean:+.2f} ± {error:.2f}", f"{mean / error:+.1f}"]
            z = (theory - found.sgd_critical.values) / found.sgd_standard_error.values
            rows.append([*row, f"{np.nansum(z**2):.1f} of {np.isfinite(z).sum()}"])
    return table(["ring", "closure", "SGD / theory - 1, %", "z", "limit / theory - 1, %", "z", "sum of z^2"], rows)


def figure(cases: dict[str, tuple[Any, Any]], path: Any) -> None:
    """Boundaries above, their differences below, a column a ring."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(11, 7), layout="constrained")
    axes = fig.subplots(2, len(cases), sharex="col", height_ratios=(3, 2), squeeze=False)
    for (name, (found, closures)), (top, bottom) in zip(cases.items(), axes.T, strict=True):
        gain, own = found.gain.values, found.critical.values
        error = found.standard_error.values
        top.fill_between(gain, own - error, own + error, color=COLOURS["theory"], alpha=0.2, linewidth=0,
                         label="standard error over starts")  # fmt: skip
        for closure, style in LINES.items():
            other = closures.critical.sel(closure=closure).values
            top.plot(gain, other, color=COLOURS["theory"], linestyle=style, label=f"theory, {closure}")
            bottom.plot(gain, 100 * (other / own - 1), color=COLOURS["theory"], linestyle=style)
        for shift, mark, value, bar, label in (
            (-0.003, "o", "sgd_critical", "sgd_standard_error", "SGD, learning rate 0.01"),
            (0.003, "s", "sgd_limit", "sgd_limit_error", "SGD, extrapolated to rate 0"),
        ):
            face = COLOURS["sgd"] if mark == "o" else "white"
            style = {"color": COLOURS["sgd"], "marker": mark, "markerfacecolor": face, "linestyle": "", "capsize": 3,
                     "markersize": 5}  # fmt: skip
            x, y, e = gain + shift * np.ptp(gain) * 3, found[value].values, found[bar].values
            if mark == "o":
                top.errorbar(x, y, e, label=label, **style)
            bottom.errorbar(x, 100 * (y / own - 1), 100 * e / own, label=label, **style)
        top.set(title=name, ylabel=r"critical $\xi_+$ (sites)")
        bottom.set(xlabel="gain", ylabel="difference from\nregression (%)")
        top.text(0.03, 0.95, "localised below: IPR x D > 3", transform=top.transAxes, va="top", fontsize=9)
    axes[0, 0].legend(fontsize=8.5, loc="lower right", frameon=False)
    axes[1, 0].legend(fontsize=8.5, loc="upper right", frameon=False)
    fig.savefig(path, dpi=110)


def refinement_figure(found: Any, path: Any) -> None:
    """Points evaluated, coloured by the side, and the line."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(7, 4.6), layout="constrained")
    ax = fig.add_subplot()
    above = found.mean_ln_ratio.values >= 0
    for side, face, label in ((above, COLOURS["sgd"], "above the level"), (~above, "white", "below the level")):
        ax.plot(found.gain.values[side], found.xi_plus.values[side], "o", markersize=3.5, color=COLOURS["sgd"],
                markerfacecolor=face, markeredgewidth=0.7, label=label)  # fmt: skip
    for line in np.unique(found.line.values):
        on = found.line.values == line
        ax.plot(found.boundary_gain.values[on], found.boundary_xi_plus.values[on], color=COLOURS["theory"],
                label="IPR x D = 3" if line == 0 else None)  # fmt: skip
    ax.set(xscale="log", xlabel="gain", ylabel=r"$\xi_+$ (sites)")
    title = f"{found.sizes['point']} points; the grid of the same resolution has {found.full_grid_points}"
    ax.legend(
        fontsize=8.5, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, title=title, title_fontsize=9
    )
    fig.savefig(path, dpi=110)
