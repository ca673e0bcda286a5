"""Phase diagrams made up for tests of figures: every number a known function of the axes, in the agreed format."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from cumulode.theory import NLGP, Problem
from cumulode.theory.problem.axes import AXES

GAINS = np.geomspace(0.1, 10.0, 5)
XIS = np.array([1.5, 2.0, 3.0, 4.0])
SEEDS = 3
D = 20
#: IPR x D = gain^POWER times this: the boundary at 3 is at gain 0.75 (xi 2), whatever the seed median does.
POWER = 1.0
FLAGS = {"flag_values": np.array([0, 1, 2, -1], np.int8), "flag_meanings": "unpatterned oscillatory localised unknown"}
NAMES = {
    "ipr_times_D": ("inverse participation ratio times D", "1"),
    "width": ("width of the field", "sites"),
    "time_to_localise": ("time to localise", "learning rate x steps"),
    "wavelength": ("wavelength of the largest power", "sites"),
    "growth_rate": ("largest growth rate", "1 / time"),
}


def level(gain: Any, xi: Any) -> Any:
    """IPR x D of the middle seed: 3 where gain = 1.5 / xi."""
    return 2.0 * gain * xi


def diagram(axes: dict[str, Any] | None = None, torus: bool = False, sgd: bool = True) -> xr.Dataset:
    """A Dataset over ``axes`` (default gain x xi_plus); the seeds' IPR x D is level times 0.9, 1, 1.3; closures +1 each."""
    axes = {"gain": GAINS, "xi_plus": XIS} if axes is None else axes
    theory = [a for a in axes if a not in ("learning_rate", "batch_size")]
    variables = _variables("", {a: axes[a] for a in theory})
    if sgd:
        variables |= _variables("sgd_", {a: v for a, v in axes.items() if a != "closure"}, 0.8)
    coords: dict[str, Any] = {name: (name, values, AXES[name].attrs) for name, values in axes.items()}
    sites = variables["w"][1].shape[-1]
    problem = Problem(NLGP(3.0, 1.2), NLGP(3.0, 1.0), (4, 4) if torus else D).to_dict()
    settings = {"closure": "regression", "time": 150.0, "amplitude": 0.1, "learning_rate": 0.01, "batch_size": 100}
    settings |= {"measures": ["ipr_times_D", "width", "pattern"], "simulate": sgd, "lines": False}
    attrs = {
        "title": "made up",
        "axes": ", ".join(axes),
        "problem": json.dumps(problem),
        "settings": json.dumps(settings),
        "command": "none",
        "localised_threshold": 3.0,
        "time": 150.0,
    }
    ds = xr.Dataset(variables, coords | {"seed": np.arange(SEEDS), "site": np.arange(sites)}, attrs)
    return ds.isel(site=slice(16)) if torus else ds


def _variables(prefix: str, axes: dict[str, Any], factor: float = 1.0) -> dict[str, Any]:
    grids = dict(zip(axes, np.meshgrid(*axes.values(), indexing="ij"), strict=True))
    shape, dims = tuple(len(v) for v in axes.values()), tuple(axes)
    gain, xi = (np.broadcast_to(grids.get(n, 1.5), shape).astype(float) for n in ("gain", "xi_plus"))
    base = level(np.where(np.isinf(gain), 50.0, gain), xi) * factor
    if "closure" in axes:
        base = base + np.arange(len(axes["closure"])).reshape([-1 if d == "closure" else 1 for d in dims])
    ipr = base[..., None] * np.array([0.9, 1.0, 1.3])
    d = np.mod(np.arange(D) - np.arange(SEEDS)[:, None] * 5 + D / 2, D) - D / 2  # seed s around site 5 s
    w = -np.exp(-(d**2) / (0.5 + 40 / (1 + base[..., None, None]))) * (1 + 0.1 * np.sign(d))
    numbers = {
        "ipr_times_D": ipr,
        "width": 10 / ipr,
        "wavelength": np.where(ipr < 0.5, np.inf, D / np.ceil(ipr)),
        "time_to_localise": np.where(ipr > 3, 100 / ipr, np.nan),
    }
    found: dict[str, Any] = {
        prefix + n: ((*dims, "seed"), v, {"long_name": NAMES[n][0], "units": NAMES[n][1]}) for n, v in numbers.items()
    }
    pattern = np.where(ipr > 3, 2, np.where(ipr > 1, 1, 0)).astype(np.int8)
    found[f"{prefix}pattern"] = (
        (*dims, "seed"),
        pattern,
        {"long_name": "class", "units": "1", "rule": "none", **FLAGS},
    )
    found[f"{prefix}status"] = ((*dims, "seed"), np.zeros(ipr.shape, np.int8), {"long_name": "status"})
    found[f"{prefix}w"] = ((*dims, "seed", "site"), w, {"long_name": "weight", "units": "1"})
    if not prefix:
        found["trusted"] = ((*dims, "seed"), np.ones(ipr.shape, np.int8), {"long_name": "trusted", "units": "1"})
        found["growth_rate"] = (dims, base - 3.0, {"long_name": NAMES["growth_rate"][0], "units": "1 / time"})
        others = tuple(a for a in dims if a != "gain")
        if "gain" in axes and "xi_plus" in axes:
            line = 1.5 / np.moveaxis(xi, dims.index("gain"), 0)[0]
            for kind, words in (("linear", "linear threshold"), ("stability", "uniform state loses stability")):
                factor_of = {"linear": 0.5, "stability": 0.8}[kind]
                found[f"critical_gain_{kind}"] = (
                    others,
                    line * factor_of,
                    {"long_name": words, "units": "1", "axis": "gain"},
                )
    return found


def boundary(
    axis: str, along: str, values: Any, critical: Any, error: Any, prefix: str = "", **attrs: Any
) -> xr.Dataset:
    """What ``boundary`` gives: critical values of ``axis`` at ``values`` of ``along``; prefix ``sgd_`` for SGD's."""
    return xr.Dataset(
        {
            f"{prefix}critical": (along, np.asarray(critical, float)),
            f"{prefix}standard_error": (along, np.asarray(error, float)),
        },
        {along: np.asarray(values)},
        {"axis": axis, **attrs},
    )


def refined(x: str, y: str, line: Any, number: Any, **attrs: Any) -> xr.Dataset:
    """What ``refine_boundary`` gives of its line: vertices (n, 2) in the axes x and y, ``number`` (n,) of the line."""
    vertices = np.asarray(line, float)
    data = {f"boundary_{name}": ("vertex", vertices[:, i]) for i, name in enumerate((x, y))}
    return xr.Dataset(data | {"line": ("vertex", np.asarray(number, np.int32))}, attrs={"reached": 0.01, **attrs})


def stamped(problem: Problem | None = None, learning_rate: float | None = None, **changed: Any) -> dict[str, Any]:
    """Attributes as ``boundary`` writes them, by its own function, for the problem and settings of ``diagram``."""
    from cumulode.numerics import Solver
    from cumulode.validation.boundaries.probe import Probe

    settings = {"quantity": "ipr_times_D", "level": 3.0, "seeds": 8, "time": 150.0, "amplitude": 0.1} | changed
    given = Problem(NLGP(3.0, 1.2), NLGP(3.0, 1.0), D) if problem is None else problem
    solver = Solver(settings.pop("closure", "regression"), tolerance=1e-3)
    probe = Probe(problem=given, solver=solver, **settings)
    return probe.stamp("made up", {} if learning_rate is None else {"learning_rate": learning_rate, "batch_size": 100})


def labelled(ax: Any, words: str) -> list[Any]:
    """Lines and collections whose label, shown in the legend or not (``_``), begins with these words."""
    return [a for a in (*ax.lines, *ax.collections) if plain(str(a.get_label()).removeprefix("_")).startswith(words)]


def plain(text: str) -> str:
    """On one line, with ordinary spaces."""
    return " ".join(text.split())


def texts_of(home: Any) -> list[str]:
    """Entries of the legend of Axes or figure, on one line each."""
    legend = home.legends[0] if isinstance(home, Figure) else home.get_legend()
    return [] if legend is None else [plain(text.get_text()) for text in legend.get_texts()]
