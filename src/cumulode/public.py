"""The public names and the module each lives in: the one list from which ``cumulode`` and its rooms take them.

A name is loaded when it is first used, so that ``import cumulode`` needs neither SymPy nor numba nor matplotlib.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "theory": {
        "user_input.arguments": ("InvalidArgument",),
        "problem.problem": ("Problem",),
        "problem.laws": ("NLGP", "GP", "Ising"),
        "problem.measured_cumulants": ("Cumulants",),
        "derivation.derivation": ("Derivation", "Scope", "WrongStep"),
        "documents": ("derive",),
        "checking.check": ("check",),
        "checking.result": ("CheckResult",),
        "checking.quantities": ("QUANTITIES",),
    },
    "numerics": {
        "flow.solver": ("Solver",),
        "flow.solve": ("solve", "SolveWarning"),
        "flow.drift": ("drift", "Drift"),
        "flow.preactivation": ("potential", "preactivation_cumulants"),
        "flow.result": ("Solution",),
        "result": ("Result", "load"),
        "status": ("Status",),
        "cumulants": ("second_cumulant", "fourth_cumulant"),
        "noise.covariance": ("noise_covariance",),
        "noise.linear": ("linear_fluctuations", "LinearFluctuations"),
        "noise.ensemble": ("Ensemble",),
        "frozen.result": ("FrozenFlow",),
        "networks.drift": ("network_drift", "NetworkDrift"),
        "networks.solve": ("solve_network",),
        "networks.result": ("NetworkFlow",),
        "networks.frozen_result": ("FrozenNetwork",),
        "decomposition.convolutional_cp": ("convolutional_cp",),
        "decomposition.result": ("ConvolutionalCP",),
        "trajectory.growth": ("growth_rates",),
        "stability.stationary": ("stationary_state", "StationaryState"),
        "stability.critical_value": ("critical_value", "CriticalValues"),
        "stability.critical_line": ("critical_line",),
        "stability.validity": ("validity", "Validity"),
    },
    "validation": {
        "sgd.settings": ("Sgd",),
        "sgd.neuron": ("simulate_sgd", "Run"),
        "sgd.network.simulate": ("simulate_network",),
        "sgd.network.result": ("NetworkRun", "ConvolutionalRun"),
        "sgd.convolutional.simulate": ("simulate_convolutional",),
        "sampling.sampler": ("sample",),
        "receptive_fields.metrics": ("ipr", "norm", "width", "centre", "dominant_wavenumber", "power_spectrum"),
        "receptive_fields.symmetry": ("align",),
        "receptive_fields.tiling": ("tiling",),
        "receptive_fields.matching": ("match_fields",),
        "comparison.compare": ("compare",),
        "comparison.result": ("Comparison",),
        "plots.comparison": ("comparison_figure",),
        "plots.match": ("plot_match",),
        "boundaries.boundary": ("boundary",),
        "boundaries.refinement": ("refine_boundary",),
        "sweep.phase_diagram": ("phase_diagram",),
        "sweep.files": ("open_phase",),
        "sweep.rerun": ("rerun",),
        "reproduction.run": ("reproduce",),
    },
}

#: What ``cumulode`` itself offers; the other names are found in their room.
TOP = frozenset(
    """
    InvalidArgument Problem NLGP GP Ising Cumulants Derivation derive check
    Solver solve solve_network drift network_drift potential noise_covariance linear_fluctuations
    second_cumulant fourth_cumulant convolutional_cp
    growth_rates stationary_state critical_value critical_line validity SolveWarning Status load
    Sgd simulate_sgd simulate_network simulate_convolutional tiling match_fields compare boundary refine_boundary
    ipr width centre dominant_wavenumber align phase_diagram open_phase rerun reproduce
    """.split()  # noqa: SIM905
)


#: Names that have changed: room -> old name -> new name. The old one works for one release, with a warning.
RENAMED = {"numerics": {"Trajectory": "Result"}}


def lazy(
    package: str, names: Mapping[str, Iterable[str]], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package whose names are loaded when first used.

    ``names``: by the module below the package that holds them. (lazy_loader would add 12 ms to every start.)
    """
    home = {name: module for module, inside in names.items() for name in inside}
    everything = sorted([*home, *submodules])

    def get(name: str) -> Any:
        if name in home:
            value = getattr(import_module(f"{package}.{home[name]}"), name)
            setattr(sys.modules[package], name, value)  # a function may bear its module's name
            return value
        if name in submodules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: list(everything), everything


def room(name: str, submodules: Iterable[str] = ()) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a room: its names, loaded when first used."""
    get, names, everything = lazy(f"cumulode.{name}", NAMES[name], submodules)

    def get_renamed(attribute: str) -> Any:
        new = RENAMED.get(name, {}).get(attribute)
        if new is None:
            return get(attribute)
        message = f"cumulode.{name}.{attribute} is now {new}; the old name goes with the next release"
        warnings.warn(message, FutureWarning, stacklevel=2)
        return get(new)

    return get_renamed, names, everything


def at_top() -> dict[str, list[str]]:
    """The names of ``TOP`` by module, seen from ``cumulode``."""
    return {
        f"{room}.{module}": chosen
        for room, modules in NAMES.items()
        for module, names in modules.items()
        if (chosen := [name for name in names if name in TOP])
    }


def find(name: str) -> Any:
    """The public object called ``name``, imported from its module; KeyError where there is none."""
    for room, modules in NAMES.items():
        for module, names in modules.items():
            if name in names:
                return getattr(import_module(f"cumulode.{room}.{module}"), name)
    raise KeyError(name)
