"""Public names: each is found in its room, old ones with a warning; importing cumulode stays light."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module

import pytest

import cumulode
from cumulode.public import NAMES, TOP

ROOMS = [(room, name) for room, modules in NAMES.items() for names in modules.values() for name in names]


@pytest.mark.parametrize(("room", "name"), ROOMS)
def test_every_public_name_is_found_in_its_room_and_documented(room, name):
    """Assert that a name of the list can be imported from its room, and that a function or class has a docstring."""
    found = getattr(import_module(f"cumulode.{room}"), name)
    assert found is not None
    assert not callable(found) or found.__doc__


def test_cumulode_offers_names_of_the_rooms_only():
    """Assert that every name of ``cumulode`` itself stands in a room, and can be had."""
    assert {name for _, name in ROOMS} >= TOP
    assert all(getattr(cumulode, name) is not None for name in TOP)


def test_importing_loads_nothing_heavy():
    """Assert that ``import cumulode`` loads neither SymPy, numba, matplotlib, pandas nor xarray."""
    code = "import sys, cumulode; print(set(sys.modules) & {'sympy', 'numba', 'matplotlib', 'pandas', 'xarray'})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    code = "import sys; from cumulode import reproduce; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_name_that_changed_warns_and_is_the_new_one():
    """Assert that old names of the last release are the new objects, with a warning that says the new name."""
    import cumulode.numerics as numerics
    from cumulode.validation.plots import decomposition, phase

    with pytest.warns(FutureWarning, match="is now Result"):
        assert numerics.Trajectory is numerics.Result
    for old, new, name in (("phase_plots", phase, "phase_figure"), ("plots_cp", decomposition, "factors")):
        sys.modules.pop(f"cumulode.validation.{old}", None)
        with pytest.warns(FutureWarning, match="is now"):
            module = import_module(f"cumulode.validation.{old}")
        assert getattr(module, name) is getattr(new, name)


def test_new_names_do_not_warn():
    """Assert that asking the rooms for every name warns nowhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for room, name in ROOMS:
            getattr(import_module(f"cumulode.{room}"), name)
