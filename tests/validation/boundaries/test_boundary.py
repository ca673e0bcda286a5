"""A boundary by root finding is what brute force finds; SGD's has the error it states, and the verdict it deserves."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq
from scipy.stats import kstest

from cumulode import NLGP, Ising, Problem, Sgd, boundary, solve
from cumulode.validation.boundaries import measured as boundary_sgd
from cumulode.validation.boundaries.crossing import crossings
from cumulode.validation.boundaries.measured import fit
from cumulode.validation.boundaries.probe import Probe

PROBLEM = Problem(plus=NLGP(1.0, 1.5), minus=NLGP(1.0, 0.5), size=16, bias=-1.0)
SPINS = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=8, bias=-1.0)
SPIN_LINE = {
    "quantity": "norm",
    "level": 0.6,
    "time": 30.0,
    "seeds": 8,
    "scan": 5,
    "simulate": True,
    "sgd": Sgd(learning_rate=0.02, batch_size=100),
    "span": 0.05,
}


# ---- root finding, many at once ----

ROOTS = np.linspace(0.013, 0.987, 40)
FUNCTIONS = {
    "line": lambda x, r: x - r,
    "steep and flat": lambda x, r: np.exp(8 * x) - np.exp(8 * r),
    "saturating": lambda x, r: np.tanh(60 * (r - x)),
    "triple root": lambda x, r: (x - r) ** 3,
    "jump": lambda x, r: np.where(x < r, -0.2, 0.7),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("accuracy", [1e-2, 1e-6])
def test_crossings_of_known_functions_are_found_to_the_accuracy(name, accuracy):
    """Assert that 40 known roots are found at once to the accuracy, in no more calls than halving, jumps told by size."""
    f, grid, calls = FUNCTIONS[name], np.linspace(0, 1, 6), []

    def functions(rows, u):
        calls.append(rows.size)
        return f(u, ROOTS[rows])

    found = crossings(functions, grid, f(grid[None], ROOTS[:, None]), accuracy)
    assert np.all(np.abs(found.u - ROOTS) <= accuracy)
    assert np.all(found.width <= accuracy)
    assert not any(found.reasons)
    assert len(calls) <= 2 * np.ceil(np.log2(0.2 / accuracy))
    np.testing.assert_allclose(found.jump, 0.9 if name == "jump" else found.jump)
    if name != "jump":
        assert np.all(found.jump < np.ptp(f(grid, 0.5)) * 100 * accuracy)


def test_smooth_roots_take_far_fewer_calls_than_halving():
    """Assert that the interpolation works: a smooth root to 1e-9 in at most 10 calls, where halving takes 28."""
    calls = []
    grid = np.linspace(0, 1, 6)
    f = FUNCTIONS["steep and flat"]
    crossings(lambda k, u: calls.append(1) or f(u, ROOTS[k]), grid, f(grid[None], ROOTS[:, None]), 1e-9)
    assert len(calls) <= 10


def test_no_crossing_is_nan_with_the_reason():
    """Assert that functions above, below, crossing twice, or not finite get NaN and their own reason."""
    scanned = np.array([[1, 2, 3, 4], [-1, -2, -3, -4], [1, -1, 1, 2], [1, np.nan, -1, -1], [1, 1, -1, -2.0]])
    found = crossings(lambda k, u: np.where(u > 0.5, np.nan, 1.0), np.linspace(0, 1, 4), scanned, 1e-3)
    assert np.all(np.isnan(found.u))
    for reason, word in zip(
        found.reasons, ("above", "below", "not monotone: 2", "not finite at 1 of 4", "within the bracket"), strict=True
    ):
        assert word in reason


# ---- the theory's boundary ----


def test_a_field_that_decayed_counts_as_uniform_and_not_as_localised():
    """Assert ln(1 / 3) for IPR x D where w = 0 attracts, under way and when nothing is left; the norm stays a number."""
    dying = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12, activation="tanh", bias=-0.5, prior=0.3)
    for time in (10.0, 150.0):
        probe = Probe(problem=dying, seeds=(0, 1), time=time, amplitude=0.1)
        assert probe.theory_all([{}]) == pytest.approx(np.log(1 / 3) * np.ones((1, 2)))
        sized = Probe(problem=dying, seeds=(0, 1), time=time, amplitude=0.1, quantity="norm")
        assert np.all((sized.theory_all([{}]) < np.log(0.1)) & np.isfinite(sized.theory_all([{}])))


def mean_log(gain, xi, seeds, level, time):
    """ln(IPR x D / level), (n,), with starts and IPR written out here."""
    problem = Problem(plus=NLGP(gain, xi), minus=NLGP(gain, 0.5), size=16, bias=-1.0)
    starts = [0.1 * np.random.default_rng(s).standard_normal(16) / 4 for s in seeds]
    w = solve([problem] * len(starts), np.array(starts), [time]).w[:, -1]
    return np.log(16 * (w**4).sum(1) / (w**2).sum(1) ** 2 / level)


@pytest.fixture(scope="module")
def gains():
    """Critical gains at two correlation lengths, four starts."""
    return boundary(PROBLEM, "gain", (0.5, 8.0), {"xi_plus": [1.5, 1.8]}, level=4.0, time=80.0, seeds=4)


@pytest.mark.parametrize("line", [0, 1])
def test_critical_gains_are_those_of_brute_force(gains, line):
    """Assert that the critical gain of the mean and of one start is brentq's (in plain gain, one at a time) to 2e-4."""
    xi = float(gains.xi_plus[line])
    mean = brentq(lambda g: mean_log(g, xi, range(4), 4.0, 80.0).mean(), 0.5, 8.0, xtol=1e-5)
    one = brentq(lambda g: mean_log(g, xi, [2], 4.0, 80.0)[0], 0.5, 8.0, xtol=1e-5)
    assert gains.critical[line] == pytest.approx(mean, rel=3e-4)  # 1e-4 of ln 16 is 2.8e-4
    assert gains.critical_of_seed[line, 2] == pytest.approx(one, rel=3e-4)


def test_slope_and_error_are_in_units_of_the_gain(gains):
    """Assert that the slope is the difference quotient of brute force to 2 %, and the error scatter / sqrt(n) / slope."""
    g = float(gains.critical[1])
    low, here, high = (mean_log(x, 1.8, range(4), 4.0, 80.0) for x in (g * 0.99, g, g * 1.01))
    slope = (high - low).mean() / (0.02 * g)
    assert gains.slope[1] == pytest.approx(slope, rel=0.02)
    assert gains.standard_error[1] == pytest.approx(here.std(ddof=1) / 2 / slope, rel=0.02)


def test_error_is_that_of_the_starts_own_critical_values(gains):
    """Assert that, where all starts cross, the delta method's error is the scatter of their critical gains to 15 %."""
    own = gains.critical_of_seed[1].values
    assert gains.standard_error[1] == pytest.approx(own.std(ddof=1) / np.sqrt(own.size), rel=0.15)


def test_dataset_says_what_it_is_and_survives_the_disk(gains, tmp_path):
    """Assert names, units and provenance, and that netCDF gives the same back."""
    for name, variable in gains.data_vars.items():
        assert {"long_name", "units"} <= set(variable.attrs), name
    assert gains.critical.dims == ("xi_plus",)
    assert gains.attrs["axis"] == "gain"
    assert Problem.from_dict(json.loads(gains.attrs["problem"])) == PROBLEM
    assert json.loads(gains.attrs["settings"])["closure"] == "regression"
    gains.to_netcdf(tmp_path / "b.nc", engine="scipy")
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "b.nc", engine="scipy"), gains)


def test_several_axes_and_lines_without_a_crossing():
    """Assert a line for each combination, text axes among them, and a reason where the Gaussian closure never localises."""
    found = boundary(
        PROBLEM,
        "gain",
        (0.5, 8.0),
        {"closure": ["regression", "gaussian"], "xi_plus": [1.8]},
        level=4.0,
        time=80.0,
        seeds=4,
        scan=4,
    )
    assert found.critical.shape == (2, 1)
    assert np.isfinite(found.critical[0, 0])
    assert np.isnan(found.critical[1, 0])
    assert "no crossing: below" in str(found.reason[1, 0].values)
    assert str(found.reason[0, 0].values) == ""


# ---- the fit of SGD ----

AT, TRUE = np.array([0.4, 0.5, 0.6]), 0.47


def curve(u):
    """A curved theory, (p, n): four starts, apart by constants that cancel in the mean."""
    return ((u - 0.52) + 3 * (u - 0.52) ** 2)[:, None] + np.array([-0.2, -0.1, 0.1, 0.2])


def noiseless():
    """SGD whose mean is zero at TRUE: theory plus a line."""
    offset = curve(np.array([TRUE])).mean()
    return curve(AT) + 0.3 * (AT - TRUE)[:, None] - offset


def test_fit_is_exact_without_noise():
    """Assert that theory + line has its root found to rounding, whatever the theory's curvature and the starts'."""
    assert fit(AT, curve(AT), noiseless(), 0.5).u == pytest.approx(TRUE, abs=1e-12)


def test_fit_has_the_error_it_states():
    """Assert, over 3000 draws (seed 7), that z has Student's variance and misfits are uniform.

    z^2 of t with 9 degrees of freedom has mean 9/7 and variance 4.6: 5 standard errors of its mean are 0.2 (false alarm
    1e-6). Kolmogorov-Smirnov on the chance of a worse fit at 1e-5.
    """
    random = np.random.default_rng(7)
    fits = [fit(AT, curve(AT), noiseless() + 0.004 * random.standard_normal((3, 4)), 0.5) for _ in range(3000)]
    z = np.array([(f.u - TRUE) / f.error for f in fits])
    assert np.mean(z**2) == pytest.approx(9 / 7, abs=0.2)
    assert abs(z.mean()) < 5 * np.sqrt(9 / 7 / 3000)
    assert kstest([f.p for f in fits], "uniform").pvalue > 1e-5


def test_bad_fits_are_told():
    """Assert that a difference with a kink has a small chance, a far root and a failed run a remark."""
    noise = 1e-3 * np.random.default_rng(1).standard_normal((3, 4))
    kinked = noiseless() + 0.1 * np.array([[1.0], [-1.0], [1.0]]) + noise
    assert fit(AT, curve(AT), kinked, 0.5).p < 1e-6
    assert "extrapolated" in fit(AT, curve(AT), noiseless() - 0.4 + noise, 0.5).remark
    assert "failed" in fit(AT, curve(AT), noiseless() * np.nan, 0.5).remark
    assert np.isnan(fit(AT, curve(AT), noiseless() + 9.0 + noise, 0.5).u)


# ---- SGD itself ----


@pytest.fixture(scope="module")
def spins():
    """Critical bias of an Ising problem with the exact theory, which SGD must agree with."""
    return boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.6, 0.7]}, closure="exact", **SPIN_LINE)


def test_sgd_agrees_with_the_exact_theory(spins):
    """Assert |z| < 6 (42 degrees of freedom in two lines of 21: false alarm 1e-5), a shift within its error, agreement.

    The errors are below 0.6 % of the bias, so that a wrong factor of that size would show.
    """
    assert np.all(np.abs(spins.z) < 6)
    assert np.all(np.abs(spins.z_limit) < 6)
    assert np.all(spins.sgd_standard_error < 0.006 * np.abs(spins.critical))
    assert np.all(spins.verdict == "agrees")
    np.testing.assert_allclose(spins.sgd_limit, 2 * spins.sgd_critical - spins.sgd_double)
    assert np.all(spins.sgd_fit_p > 1e-5)


def test_sgd_differs_from_a_closure_without_the_fourth_cumulant(spins):
    """Assert that the Gaussian closure's boundary is found to differ, and that SGD's own does not depend on the closure."""
    gaussian = boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.6, 0.7]}, closure="gaussian", **SPIN_LINE)
    assert np.all(gaussian.verdict == "differs")
    apart = gaussian.sgd_critical.values - spins.sgd_critical.values
    assert np.all(np.abs(apart) < 5 * np.hypot(gaussian.sgd_standard_error, spins.sgd_standard_error))


def test_every_run_has_its_own_random_numbers(monkeypatch):
    """Assert that no two runs, of lines, points, rates or starts, share a stream, nor one with the seeds of starts.

    Half of them go at the learning rate asked, half at twice that; SGD that is the theory has the theory's boundary.
    """
    seen, rates = [], []

    def sgd(self, point, rule, streams):
        seen.extend(streams)
        rates.append(rule.learning_rate)
        return self.theory_all([point])[0]

    monkeypatch.setattr("cumulode.validation.boundaries.probe.Probe.run_sgd", sgd)
    found = boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.6, 0.7]}, **SPIN_LINE)
    assert len(seen) == len(set(seen)) == 2 * 2 * 3 * 8
    assert min(seen) >= boundary_sgd.STREAMS
    assert sorted(rates) == [0.02] * 6 + [0.04] * 6
    np.testing.assert_allclose(found.sgd_critical, found.critical, rtol=1e-4)


def test_an_interrupted_measurement_is_resumed(tmp_path, monkeypatch):
    """Assert that runs on disk are not done again and that the result is the uninterrupted one; other settings refused."""
    calls, stop = [], 3

    def sgd(self, point, rule, streams):
        if len(calls) == stop:
            raise KeyboardInterrupt
        calls.append(streams)
        return self.theory_all([point])[0] + np.random.default_rng(streams[0]).normal(0, 0.01, len(self.seeds))

    monkeypatch.setattr("cumulode.validation.boundaries.probe.Probe.run_sgd", sgd)
    options = SPIN_LINE | {"out": tmp_path / "b.nc"}
    with pytest.raises(KeyboardInterrupt):
        boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.7]}, **options)
    assert int(np.isfinite(xr.load_dataset(tmp_path / "b.nc", engine="scipy").sgd_ln).all("seed").sum()) == 3
    stop = -1
    resumed = boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.7]}, **options)
    assert len(calls) == 6
    whole = boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.7]}, **SPIN_LINE)
    xr.testing.assert_equal(resumed, whole)
    xr.testing.assert_equal(xr.load_dataset(tmp_path / "b.nc", engine="scipy"), whole)
    with pytest.raises(ValueError, match="^out: .* settings differs"):
        boundary(SPINS, "bias", (-1.3, -0.8), {"t_plus": [0.7]}, **options | {"seeds": 7})
