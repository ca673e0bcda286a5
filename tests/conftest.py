"""Shared by all tests: figures without a screen, one hypothesis profile, a start and the demo's problem."""

from __future__ import annotations

import os
import signal

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from derived import Derived
from hypothesis import settings

# a job started in the background of a shell ignores Ctrl-C; the tests of interruption, and what they start, must not
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("cumulode", deadline=None, derandomize=True)
settings.load_profile("cumulode")


@pytest.fixture(scope="session")
def derived(tmp_path_factory):
    """``derive(name, activation, order)``, each built once a session and shared by its workers."""
    base = tmp_path_factory.getbasetemp()
    return Derived(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


@pytest.fixture
def demo_problem():
    """The problem of the README: NLGP, correlation lengths 4 and 1, gain 3, 40 sites."""
    from cumulode.theory import NLGP, Problem

    return Problem(plus=NLGP(gain=3.0, xi=4.0), minus=NLGP(gain=3.0, xi=1.0), size=40, bias=-1.0)


@pytest.fixture
def start():
    """w0 of norm about 0.1 on 40 sites, seed 1: row 0 of the references."""
    return 0.1 * np.random.default_rng(1).standard_normal(40) / np.sqrt(40)


@pytest.fixture
def nothing_left_behind():
    """Assert after the test that matplotlib's settings and open figures are as before."""
    import matplotlib
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    yield
    assert pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == before
