"""A phase diagram is what ``solve`` and ``simulate_sgd`` give point by point, whatever the order, worker or session."""

from __future__ import annotations

import json
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
import xarray as xr

from cumulode.numerics import Solver, critical_value, growth_rates, potential, solve
from cumulode.theory import NLGP, Cumulants, Ising, Problem
from cumulode.theory.problem.axes import AXES, at, value_of
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation import phase_diagram, simulate_sgd
from cumulode.validation.receptive_fields.metrics import dominant_wavenumber, ipr, width
from cumulode.validation.sgd.settings import Sgd
from cumulode.validation.sweep import MEASURES, SweepWarning, open_phase
from cumulode.validation.sweep.measures import PATTERNS, Runs
from cumulode.validation.sweep.summary import summary, text

BASE = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16)
GAINS, XIS = [0.3, 3.0], [1.5, 2.0, 2.2]
QUICK = {"points": 5, "time": 20.0, "validity": "off", "lines": False}


def equal(a: xr.Dataset, b: xr.Dataset) -> bool:
    """Same variables, dimensions, coordinates and numbers, to the bit."""
    return a.drop_attrs().identical(b.drop_attrs())


@pytest.fixture(scope="module")
def small():
    """Two gains, three correlation lengths, two seeds; theory and SGD."""
    axes = {"gain": GAINS, "xi_plus": XIS}
    return phase_diagram(BASE, axes, seeds=2, simulate=True, learning_rate=0.02, batch_size=5, **QUICK)


def test_every_point_is_what_solve_and_sgd_give(small):
    """Assert that weights and measures at each point are those of solve and simulate_sgd from the stated start."""
    t = np.linspace(0, 20.0, 5)
    for i, gain in enumerate(GAINS):
        for j, xi in enumerate(XIS):
            problem = Problem(NLGP(gain, xi), NLGP(gain, 1.0), 16)
            for seed in (0, 1):
                w0 = 0.1 * np.random.default_rng(seed).standard_normal(16) / 4
                sol = solve(problem, w0, t)
                at_point = small.isel(gain=i, xi_plus=j, seed=seed)
                np.testing.assert_array_equal(at_point.w, sol.w[-1])
                assert at_point.ipr == ipr(sol.w[-1])
                assert at_point.ipr_times_D == ipr(sol.w[-1]) * 16
                assert at_point.width == width(sol.w[-1])
                assert at_point.potential == potential(problem, sol.w[-1], "pearson")
                assert at_point.kurtosis_minus == sol.kurtosis[-1, 1]
                assert at_point.cumulant_error == sol.provenance["cumulant_error"]
                run = simulate_sgd(problem, w0, t, 0.02, 5, seed=seed)
                np.testing.assert_array_equal(at_point.sgd_w, run.w[-1])
                rates = growth_rates(problem)
                assert at_point.growth_rate == rates.max()
                assert at_point.selected_wavenumber == rates.argmax()


def test_what_does_not_depend_on_an_axis_lacks_it():
    """Assert that theory has no learning rate, SGD no closure, and that text, size and tori are axes like others."""
    problem = Problem(NLGP(3.0, 1.0), NLGP(3.0, 0.5), (6, 6))
    axes = {"closure": ["regression", "taylor"], "size": [6, 8], "learning_rate": [0.01, 0.02]}
    ds = phase_diagram(problem, axes, seeds=[3, 1], simulate=True, batch_size=2, **{**QUICK, "time": 2.0})
    assert ds.ipr.dims == ("closure", "size", "seed")
    assert ds.sgd_ipr.dims == ("size", "learning_rate", "seed")
    assert ds.w.dims[-1] == "site"
    assert ds.sizes["site"] == 64
    assert np.isnan(ds.w.sel(size=6)[..., 36:]).all()
    assert np.isfinite(ds.w.sel(size=8)).all()
    small_torus = Problem(NLGP(3.0, 1.0), NLGP(3.0, 0.5), (8, 8))
    w0 = 0.1 * np.random.default_rng(1).standard_normal(64) / 8
    expected = solve(small_torus, w0, np.linspace(0, 2.0, 5), closure="taylor").w[-1]
    np.testing.assert_array_equal(ds.w.sel(closure="taylor", size=8, seed=1), expected)


def test_every_variable_says_what_it_is(small):
    """Assert that variables and coordinates have long names and units, rules where there is one, and full provenance."""
    for name, variable in {**small.data_vars, **small.coords}.items():
        assert variable.attrs["long_name"], name
        assert (
            "units" in variable.attrs or "flag_meanings" in variable.attrs or variable.dtype == object or name == "seed"
        ), name
    assert set(MEASURES) <= set(small.data_vars)
    assert "IPR x D > 3" in small.pattern.attrs["rule"]
    assert Problem.from_dict(json.loads(small.attrs["problem"])) == BASE
    settings = json.loads(small.attrs["settings"])
    assert (settings["closure"], settings["tolerance"], settings["rtol"]) == ("regression", 1e-3, 1e-6)
    assert {"cumulode", "numpy", "numba", "scipy"} <= set(json.loads(small.attrs["versions"]))
    assert small.attrs["revision"]


def test_workers_make_no_difference(small):
    """Assert that one thread, many threads and processes give the same bits."""
    axes = {"gain": GAINS, "xi_plus": XIS}
    options = {"seeds": 2, "simulate": True, "learning_rate": 0.02, "batch_size": 5, **QUICK}
    with ThreadPoolExecutor(1) as one:
        assert equal(phase_diagram(BASE, axes, executor=one, **options), small)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as many:
        assert equal(phase_diagram(BASE, axes, executor=many, **options), small)


def test_a_file_holds_the_same_and_is_not_computed_twice(small, tmp_path, monkeypatch):
    """Assert that the file read back equals the dataset, that a repeated call computes nothing and writes equal bytes."""
    axes = {"gain": GAINS, "xi_plus": XIS}
    options = {"seeds": 2, "simulate": True, "learning_rate": 0.02, "batch_size": 5, "out": tmp_path / "p.nc", **QUICK}
    phase_diagram(BASE, axes, **options)
    first = (tmp_path / "p.nc").read_bytes()
    assert equal(xr.load_dataset(tmp_path / "p.nc", engine="scipy"), small)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.nc"]
    monkeypatch.setattr("cumulode.validation.sweep.scheduling.run_tasks", None)
    assert equal(phase_diagram(BASE, axes, **options), small)
    assert (tmp_path / "p.nc").read_bytes() == first


def test_extending_an_axis_or_the_seeds_computes_only_what_is_new(tmp_path, monkeypatch):
    """Assert that old points keep their numbers, that only new ones are computed, and that all equals one sweep."""
    from cumulode.validation.sweep import scheduling as sweep
    from cumulode.validation.sweep import work

    done = []

    def counted(tasks, settings, axes, stop=None):
        done.extend((t.layer, tuple(t.point.values()), t.seeds) for t in tasks)
        return work.run_tasks(tasks, settings, axes, stop)

    monkeypatch.setattr(sweep, "run_tasks", counted)
    options = {"out": tmp_path / "p.nc", **QUICK}
    phase_diagram(BASE, {"gain": [0.3, 3.0], "xi_plus": [2.0]}, seeds=1, **options)
    done.clear()
    wider = phase_diagram(BASE, {"gain": [0.3, 1.0, 3.0], "xi_plus": [1.5, 2.0]}, seeds=2, **options)
    assert sorted(done) == sorted(
        [("theory", (g, 1.5), (0, 1)) for g in (0.3, 1.0, 3.0)]
        + [("theory", (1.0, 2.0), (0, 1))]
        + [("theory", (g, 2.0), (1,)) for g in (0.3, 3.0)]
    )
    whole = phase_diagram(BASE, {"gain": [0.3, 1.0, 3.0], "xi_plus": [1.5, 2.0]}, seeds=2, **QUICK)
    assert equal(wider, whole)
    done.clear()
    both = phase_diagram(BASE, {"gain": [0.3, 1.0, 3.0], "xi_plus": [1.5, 2.0]}, seeds=2, simulate=True, **options)
    assert {layer for layer, _, _ in done} == {"sgd"}
    assert equal(both[list(whole.data_vars)], whole)


def test_a_file_can_be_extended_by_what_is_new(tmp_path):
    """Assert that with extend=True the axes are those of the file and those given, and equal one sweep over both."""
    options = {"out": tmp_path / "p.nc", **QUICK}
    phase_diagram(BASE, {"gain": [0.3, 3.0], "xi_plus": [2.0]}, seeds=1, **options)
    wider = phase_diagram(BASE, {"gain": [1.0], "xi_plus": [1.5]}, seeds=[2], extend=True, **options)
    whole = phase_diagram(BASE, {"gain": [0.3, 1.0, 3.0], "xi_plus": [1.5, 2.0]}, seeds=[0, 2], **QUICK)
    assert equal(wider, whole)


def test_nothing_finished_is_thrown_away(tmp_path):
    """Assert that a file of another sweep, or a grid without the file's points, is refused, and the file left alone."""
    options = {"out": tmp_path / "p.nc", **QUICK}
    phase_diagram(BASE, {"gain": [0.3, 3.0], "xi_plus": [2.0]}, seeds=2, **options)
    before = (tmp_path / "p.nc").read_bytes()
    for axes, more, name in (
        ({"gain": [0.3], "xi_plus": [2.0]}, {}, "gain"),
        ({"gain": [0.3, 3.0]}, {}, "axes"),
        ({"xi_plus": [2.0], "gain": [0.3, 3.0]}, {}, "axes"),
        ({"gain": [0.3, 3.0], "xi_plus": [2.0]}, {"seeds": 1}, "seeds"),
        ({"gain": [0.3, 3.0], "xi_plus": [2.0]}, {"time": 30.0}, "out"),
        ({"gain": [0.3, 3.0], "xi_plus": [2.0]}, {"closure": "tree"}, "out"),
    ):
        with pytest.raises(ValueError, match=f"^{name}: got "):
            phase_diagram(BASE, axes, **{"seeds": 2, **options, **more})
    other = Problem(NLGP(3.0, 2.0), NLGP(3.0, 0.9), 16)
    with pytest.raises(ValueError, match="^out: got .*xi=1.0.*xi=0.9"):
        phase_diagram(other, {"gain": [0.3, 3.0], "xi_plus": [2.0]}, seeds=2, **options)
    # what the axes override does not matter
    same = Problem(NLGP(1.0, 1.7), NLGP(1.0, 1.0), 16)
    phase_diagram(same, {"gain": [0.3, 3.0], "xi_plus": [2.0]}, seeds=2, **options)
    assert open_phase(tmp_path / "p.nc").ipr.identical(xr.load_dataset(_written(tmp_path, before)).ipr)


def _written(folder, data):
    (folder / "before.nc").write_bytes(data)
    return folder / "before.nc"


def test_a_point_that_fails_is_recorded_and_can_be_repeated(tmp_path, monkeypatch):
    """Assert that what does not exist, or fails, has status and reason, that the rest is there, and --retry-failed."""
    from cumulode.validation.sweep import work

    options = {"out": tmp_path / "p.nc", **QUICK}
    axes = {"gain": [0.3, 3.0], "xi_plus": [2.0, 9.0]}
    real = work.solve

    def fails(problem, *rest, **more):
        if problem.plus.gain == 3.0:
            raise MemoryError("no room")
        return real(problem, *rest, **more)

    monkeypatch.setattr(work, "solve", fails)
    with pytest.warns(SweepWarning, match="6 of 8 runs of theory failed"):
        ds = phase_diagram(BASE, axes, seeds=2, **options)
    assert ds.status.sel(xi_plus=9.0).values.tolist() == [[9, 9], [9, 9]]
    assert "xi: got 9.0, allowed: 0 < xi <= 2.381 at size 16" in str(ds.reason.sel(xi_plus=9.0, gain=0.3).values)
    assert str(ds.reason.sel(xi_plus=2.0, gain=3.0).values) == "MemoryError: no room"
    assert np.isnan(ds.ipr.sel(gain=3.0)).all()
    assert np.isfinite(ds.ipr.sel(gain=0.3, xi_plus=2.0)).all()
    monkeypatch.setattr(work, "solve", real)
    with pytest.warns(SweepWarning):
        assert equal(phase_diagram(BASE, axes, seeds=2, **options), ds)  # not repeated unless asked for
    with pytest.warns(SweepWarning, match="4 of 8"):
        again = phase_diagram(BASE, axes, seeds=2, retry_failed=True, **options)
    assert np.isfinite(again.ipr.sel(gain=3.0, xi_plus=2.0)).all()
    assert not str(again.reason.sel(xi_plus=2.0, gain=3.0).values)


def test_a_run_that_blows_up_tells_its_seed(tmp_path):
    """Assert that a blow-up has its status and message, and other seeds their numbers."""
    problem = Problem(Ising(t=0.9), Ising(t=0.3), 12)
    with pytest.warns(SweepWarning, match="blow up"):
        ds = phase_diagram(problem, {"start_amplitude": [0.1, 30.0]}, seeds=2, closure="taylor-5", **QUICK)
    assert (ds.status.sel(start_amplitude=30.0) == 2).all()
    assert "2 of 2 seeds failed; seed 0: stopped at t = " in str(ds.reason.sel(start_amplitude=30.0).values)
    assert (ds.status.sel(start_amplitude=0.1) == 0).all()
    assert (ds.pattern.sel(start_amplitude=30.0) == -1).all()


def test_measures_can_be_chosen_and_fields_left_out():
    """Assert that only what is asked for is stored."""
    ds = phase_diagram(BASE, {"gain": [1.0, 3.0]}, seeds=1, measures=["width", "ipr"], fields=False, **QUICK)
    assert {"ipr", "width"} <= set(ds.data_vars)
    assert not {"w", "pattern", "norm"} & set(ds.data_vars)


def _runs(w, start=0.05):
    w = np.atleast_2d(np.asarray(w, float))
    first = start * np.ones_like(w) / np.sqrt(w.shape[-1])
    middle = 0.5 * (first + w)
    k = np.ones((len(w), 3, 2))
    problem = Problem(NLGP(1.0, 1.0), NLGP(1.0, 0.5), w.shape[-1])
    return Runs(problem, np.array([0.0, 1.0, 2.0]), np.stack([first, middle, w], axis=1), k, -k, None, 1e-3)


def test_classes_by_their_rule():
    """Assert the class of a bump, a wave, a wave on a constant, a uniform field, a decayed one and a failed one."""
    d = np.arange(40)
    bump, wave = np.exp(-((d - 20.0) ** 2) / 8), np.cos(2 * np.pi * 3 * d / 40)
    rows = [bump, wave, 0.4 + wave, 1 + 0.5 * wave, np.ones(40), 1e-4 * bump, np.full(40, np.nan)]
    found = MEASURES["pattern"].of(_runs(rows))
    assert found.tolist() == [2, 1, 1, 0, 0, 0, -1]
    # the largest IPR x D of a wave on a constant, 15/7, is below the threshold for all mixtures
    mixtures = np.array([a + wave for a in np.linspace(-3, 3, 401)])
    assert abs(ipr(mixtures).max() * 40 - 15 / 7) < 1e-3


def test_weights_that_decayed_have_no_shape():
    """Assert the class decayed, and no IPR, width, wavelength, kurtosis or number of fields, where w = 0 attracts and |w|
    fell; the norm stays. Of SGD the same within twice its noise there, and not beyond.
    """
    dying = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12, activation="tanh", bias=-0.5, prior=0.3)
    w = np.zeros((4, 2, 12))
    w[:, 0] = 1.0
    w[:, 1, 5] = 0.01, 0.0, 0.3, 5.0
    k = np.ones((4, 2, 2))
    runs = Runs(dying, np.array([0.0, 1.0]), w, k, -k, "regression", 1e-3)
    shapes = ("ipr", "ipr_times_D", "width", "wavelength", "field_count", "kurtosis_plus", "kurtosis_minus")
    for of, gone in ((runs, [1, 1, 0, 0]), (replace(runs, closure=None, sgd=Sgd(0.01, 1)), [1, 1, 1, 0])):
        assert (MEASURES["pattern"].of(of) == PATTERNS["decayed"]).tolist() == np.array(gone, bool).tolist()
        for name in shapes:
            assert np.isnan(MEASURES[name].of(of)).tolist() == np.array(gone, bool).tolist(), name
        assert np.isfinite(MEASURES["norm"].of(of)).all()


def test_random_fields_are_not_localised_by_chance():
    """Assert that of 400 random vectors of 100 sites, 4 in 10 of which have IPR x D > 3, at most two count as localised
    (each does with probability 2e-4; false alarm below 1e-4; seed 5).
    """
    w = np.random.default_rng(5).standard_normal((400, 100))
    assert (ipr(w) * 100 > 3).sum() > 100
    assert (MEASURES["pattern"].of(_runs(w)) == 2).sum() <= 2


def test_all_crossings_are_kept():
    """Assert that along the bias both critical values of w = 0 are in the file, with rates of opposite sign around."""
    axes = {"bias": [-2.0, 2.0], "xi_plus": [2.0, 2.2]}
    ds = phase_diagram(BASE, axes, seeds=1, **{**QUICK, "lines": True, "time": 1.0})
    assert ds.critical_bias_linear.dims == ("xi_plus", "crossing")
    for xi, row in zip(ds.xi_plus.values, ds.critical_bias_linear.values, strict=True):
        low, high = row[np.isfinite(row)]
        assert low < high
        for b in (low, high):
            sides = [growth_rates(at(BASE, xi_plus=xi, bias=b + d)).max() for d in (-1e-6, 1e-6)]
            assert sides[0] * sides[1] < 0


def test_fields_are_counted_around_ring_and_torus():
    """Assert the number of fields of one and two bumps, over the edge, of opposite sign, of waves, on ring and torus."""
    d = np.arange(40)
    near = np.minimum(d, 40 - d)
    bump = np.exp(-(near**2) / 4.0)
    rows = [bump, bump + np.roll(bump, 15), bump - np.roll(bump, 6), np.ones(40), np.cos(2 * np.pi * 3 * d / 40)]
    assert MEASURES["field_count"].of(_runs(rows)).tolist() == [1, 2, 2, 1, 6]
    n = np.minimum(np.arange(8), 8 - np.arange(8))
    spot = np.exp(-(n[:, None] ** 2 + n**2) / 2.0)
    runs = _runs([spot.ravel(), (spot + np.roll(spot, (4, 4), (0, 1))).ravel(), np.ones(64)])
    torus = Problem(NLGP(1.0, 1.0), NLGP(1.0, 0.5), (8, 8))
    runs = Runs(torus, runs.t, runs.w, runs.k2, runs.k4, None, 1e-3)
    assert MEASURES["field_count"].of(runs).tolist() == [1, 2, 1]


def test_time_to_localise_is_when_the_level_is_crossed_for_good():
    """Assert the interpolated time, NaN for what does not localise, and 0 for what was localised from the start."""
    d = np.arange(40)
    bump = np.exp(-((d - 20.0) ** 2) / 8)
    t = np.array([0.0, 1.0, 2.0, 3.0])
    w = np.stack([np.stack([np.ones(40), bump, np.ones(40), bump]), np.stack([bump] * 4), np.ones((4, 40))])
    runs = Runs(Problem(NLGP(1.0, 1.0), NLGP(1.0, 0.5), 40), t, w, np.ones((3, 4, 2)), np.ones((3, 4, 2)), None, 1e-3)
    top = ipr(bump) * 40
    found = MEASURES["time_to_localise"].of(runs)
    assert found[0] == pytest.approx(2 + (3 - 1) / (top - 1))
    assert found[1] == 0
    assert np.isnan(found[2])


def test_wavelengths_are_in_sites(small):
    """Assert D / k of a wave on ring and torus, infinite for a uniform field."""
    d = np.arange(40)
    found = MEASURES["wavelength"].of(_runs([np.cos(2 * np.pi * 4 * d / 40), np.ones(40)]))
    assert found.tolist() == [10.0, np.inf]
    k = dominant_wavenumber(small.w.values)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(small.wavelength, 16 / k)


def test_axes_move_problems():
    """Assert that each axis changes what it names and no more, and that ``value_of`` reads it back."""
    assert at(BASE, gain=2.0, xi_minus=0.7) == Problem(NLGP(2.0, 2.0), NLGP(2.0, 0.7), 16)
    assert at(BASE, gain_minus=2.0, bias=0.3, prior=0.2).minus.gain == 2.0
    ising = Problem(Ising(t=0.7), Ising(t=0.3), 16)
    assert at(ising, J_plus=0.5).plus == Ising(J=0.5)
    assert value_of(at(ising, J_plus=0.5), "J_plus") == pytest.approx(0.5, abs=1e-15)
    torus = Problem(NLGP(3.0, 1.0), NLGP(3.0, 0.5), (8, 8))
    assert at(torus, size=9).shape == (9, 9)
    control = BASE.gaussian_control()
    assert at(control, gain=1.0) == Problem(NLGP(1.0, 2.0), NLGP(1.0, 1.0), 16).gaussian_control()
    for name in ("gain", "gain_minus", "xi_plus", "bias", "prior", "size", "activation", "covariance"):
        assert at(BASE, **{name: value_of(BASE, name)}) == BASE
    assert all(axis.long_name for axis in AXES.values())
    own = Cumulants(np.eye(16)[0], np.zeros((16, 16, 16)))
    with pytest.raises(ValueError, match="^axes: got 'gain_plus'"):
        at(Problem(own, NLGP(1.0, 1.0), 16), gain_plus=2.0)


def test_a_flag_stops_solve_and_sgd():
    """Assert that what another thread sets ends runs as Ctrl-C does, and that the flag is not set by a run itself."""
    problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40)
    w0 = 0.1 * np.random.default_rng(0).standard_normal(40) / np.sqrt(40)
    stop = threading.Event()
    run = simulate_sgd(problem, w0, [0, 1.0], 0.01, 1, stop=stop)
    assert run.success
    assert not stop.is_set()
    stop.set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (simulate_sgd(problem, w0, [0, 1e6], 0.01, 100, seeds=[0, 1, 2], stop=stop).statuses == 4).all()
        sol = solve(problem, np.tile(w0, (50, 1)), [0, 1e9], solver=Solver(max_step=1e-3, max_steps=10**13), stop=stop)
        assert (sol.statuses == 4).all()


def test_a_map_has_the_populations_critical_values_where_they_can_be_had():
    """Assert on Ising rings those of the exact flow and the distance of the closure's; on an NLGP none but where frozen
    samples are asked for, with their error; and words for both.
    """
    problem = Problem(Ising(t=0.7), Ising(t=0.3), 12, bias=-1.0)
    axes = {"t_plus": [0.45, 0.65], "t_minus": [0.2, 0.3]}
    short = {"time": 1.0, "points": 2, "seeds": 1, "validity": "off"}
    ds = phase_diagram(problem, axes, **short)
    for i, t in enumerate(axes["t_minus"]):
        moved = replace(problem, minus=Ising(t=t))
        exact, closed = (
            critical_value(moved, "t_plus", (0.45, 0.65), closure=c).value for c in ("exact", "regression")
        )
        assert ds.critical_t_plus_population.values[i, 0] == pytest.approx(exact, abs=1e-9)
        assert ds.critical_t_plus_population_error.values[i, 0] == 0
        assert ds.critical_t_plus_distance.values[i, 0] == pytest.approx(closed / exact - 1, abs=1e-6)
        assert abs(closed / exact - 1) > 0.05  # else nothing is tested
    assert "% from the population's" in text(summary(ds))
    field = Problem(NLGP(1.0, 2.0), NLGP(1.0, 0.5), 10, bias=-1.0)
    gains = {"gain": [0.8, 1.8]}
    assert not [name for name in phase_diagram(field, gains, **short).data_vars if "population" in name]
    solver = Solver(frozen_points=64)
    ds = phase_diagram(field, gains, **short, lines="frozen", solver=solver)
    known = critical_value(field, "gain", (0.8, 1.8), solver=replace(solver, closure="frozen"))
    np.testing.assert_array_equal(ds.critical_gain_population.values[:1], known.values)
    np.testing.assert_array_equal(ds.critical_gain_population_error.values[:1], known.errors)
    with pytest.raises(InvalidArgument, match="lines: got 'exact', allowed: True, False or 'frozen'"):
        phase_diagram(field, gains, **short, lines="exact")


def test_points_of_equal_learning_rate_over_batch_size_are_called_no_evidence():
    """Assert a warning that names two such points, none where there are no two; and that their runs are near each other,
    as those of other seeds are not.
    """
    given = {"seeds": 1, "simulate": True, "time": 20.0, "points": 2, "lines": False, "validity": "off"}
    with pytest.warns(SweepWarning, match="learning rate 0.02 and batch 20 and at 0.01 and batch 10 .* no independent"):
        ds = phase_diagram(BASE, {"learning_rate": [0.01, 0.02], "batch_size": [10, 20]}, **given)
    w = ds.sgd_w.values[:, :, 0]
    other = simulate_sgd(BASE, 0.1 * np.random.default_rng(0).standard_normal(16) / 4, [20.0], 0.01, 10, seed=7).w[-1]
    assert np.linalg.norm(w[0, 0] - w[1, 1]) < 0.2 * np.linalg.norm(w[0, 0] - other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        phase_diagram(BASE, {"learning_rate": [0.01, 0.02], "batch_size": [10]}, **given)
