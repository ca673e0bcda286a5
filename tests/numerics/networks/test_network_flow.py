"""The flow of a committee: its drift against sums over all states, one neuron, symmetries, and the flow itself."""

from __future__ import annotations

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from oracles import ACTIVATIONS, dense_cumulants, ising_points
from scipy import special

from cumulode.numerics import Status, drift, load, preactivation_cumulants, second_cumulant
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.generated import network
from cumulode.numerics.networks.drift import network_drift
from cumulode.numerics.networks.solve import solve_network
from cumulode.theory import NLGP, Ising, Problem
from cumulode.theory.dynamics import dispersion

SIZE = 8
T = (0.7, 0.3)
FIFTH = "h - h**3/6 + h**5/120"
BIASES = {1: [-0.8], 2: [-1.0, 0.6], 3: [-1.0, -0.2, 0.9], 4: [-1.0, -0.6, 0.5, 1.1]}


def problem(activation="erf", prior=0.5, size=SIZE):
    return Problem(Ising(t=T[0]), Ising(t=T[1]), size, activation, prior=prior)


def states(w, b, activation="erf", prior=0.5):
    """dw/dt, db/dt and the loss, over all states of the two Ising rings."""
    out, bias, loss = np.zeros_like(w), np.zeros(len(w)), 0.0
    for t, y, p in zip(T, (1, -1), (prior, 1 - prior), strict=True):
        x, weight = ising_points(t, w.shape[1])
        value, slope = ACTIVATIONS[activation](x @ w.T + b)
        rest = y - value.mean(1)
        force = weight[:, None] * rest[:, None] * slope
        out, bias = out + p * force.T @ x, bias + p * force.sum(0)
        loss += p * weight @ rest**2 / 2
    return out, bias, loss


def start(K, seed=0, size=SIZE):
    return np.random.default_rng(seed).standard_normal((K, size)) / math.sqrt(size)


def error_at(f, K, scale, activation, prior):
    w, b = scale * start(K), np.array(BIASES[K])
    out, bias = f.both(w, b)
    exact = states(w, b, activation, prior)
    return np.abs(out - exact[0]).max(), np.abs(bias - exact[1]).max()


@pytest.mark.parametrize("K", [1, 2, 3, 4])
@pytest.mark.parametrize(("activation", "prior"), [("erf", 0.5), ("tanh", 0.3)])
def test_what_the_drift_leaves_out_is_of_fifth_order(K, activation, prior):
    """Assert that the error against the sum over all 2^8 states falls as |w|^5 (weights) and |w|^6 (biases)."""
    f = network_drift(problem(activation, prior), 0.0)
    at = [error_at(f, K, scale, activation, prior) for scale in (0.1, 0.05)]
    order = [math.log2(at[0][i] / at[1][i]) for i in range(2)]
    assert order[0] == pytest.approx(5, abs=0.25)
    assert order[1] == pytest.approx(6, abs=0.35)


@pytest.mark.parametrize("wrong", [None, *range(6)])
def test_a_planted_wrong_factor_is_seen(wrong):
    """Assert that with any one of the pair's six coefficients a hundredth larger the error is no longer of fifth order.

    With the true ones it is, and dense tensors with the same averages give the library's drift.
    """
    b = np.array(BIASES[2])
    C, K = zip(*(dense_cumulants(*ising_points(t, SIZE)) for t in T), strict=True)
    factors = [1.01 if i == wrong else 1.0 for i in range(6)]
    errors = []
    for scale in (0.02, 0.01):
        w = scale * start(2)
        found = dense_drift(factors, w, b, C, K)
        errors.append(np.abs(found - states(w, b)[0]).max())
        if wrong is None:
            np.testing.assert_allclose(found, network_drift(problem(), 0.0)(w, b), atol=1e-14 * scale)
    order = math.log2(errors[0] / errors[1])
    assert abs(order - 5) < 0.25 if wrong is None else order < 4


def dense_drift(factors, w, b, C, K):
    """The drift from dense cumulant tensors and the generated averages, those of a pair times ``factors``."""
    s = [activation_kernels("erf").slopes(x) for x in b]
    out, n = np.zeros_like(w), len(w)
    for C_y, K_y, y in zip(C, K, (1, -1), strict=True):

        def form(u, v, z, K_y=K_y):
            return np.einsum("ijkl,j,k,l->i", K_y, u, v, z, optimize=True)

        for k in range(n):
            u = w[k]
            a, c = network.label_drift(u @ C_y @ u, s[k][2], s[k][4])
            out[k] += y / 2 * (a * C_y @ u + c * form(u, u, u))
            for l in range(n):
                v = w[l]
                g = factors * np.array(network.pair_drift(u @ C_y @ u, u @ C_y @ v, v @ C_y @ v, *s[k][1:5], *s[l][:4]))
                ways = (C_y @ u, C_y @ v, form(u, u, u), form(u, u, v), form(u, v, v), form(v, v, v))
                out[k] -= sum(x * way for x, way in zip(g, ways, strict=True)) / (2 * n)
    return out


@pytest.mark.parametrize("law", [NLGP(3.0, 1.5), Ising(t=0.7)])
def test_one_neuron_is_the_taylor_closure(law):
    """Assert the drift of K = 1 against closure taylor, to rounding, at weights of norm one."""
    p = Problem(law, Ising(t=0.3), 20, bias=-0.8)
    w = start(1, size=20)
    np.testing.assert_allclose(network_drift(p)(w, -0.8), drift(p, "taylor")(w), rtol=1e-12, atol=1e-15)


def test_neurons_may_be_exchanged_and_weights_be_of_any_size():
    """Assert that permuted neurons have permuted drifts, though pairs are walked in one order, and one may be zero."""
    f = network_drift(problem(), 0.0)
    w, b = 0.3 * start(4), np.array(BIASES[4])
    w[1] *= 1e-3
    w[3] = 0
    order = np.array([2, 3, 0, 1])
    for one, other in zip(f.both(w, b), f.both(w[order].copy(), b[order]), strict=True):
        np.testing.assert_allclose(one[order], other, atol=1e-14)


def test_the_drift_is_one_gradient_of_weights_and_biases():
    """Assert a symmetric Jacobian over all K (D + 1) coordinates, by central differences of step 1e-4."""
    f = network_drift(problem(), 0.0)
    z, n = np.concatenate([0.5 * start(3).ravel(), BIASES[3]]), 3 * SIZE

    def velocity(z):
        w, b = f.both(z[:n].reshape(3, SIZE).copy(), z[n:])
        return np.concatenate([w.ravel(), b])

    steps = 1e-4 * np.eye(z.size)
    J = np.array([(velocity(z + e) - velocity(z - e)) / 2e-4 for e in steps])
    np.testing.assert_allclose(J, J.T, atol=1e-7)
    assert np.abs(J[:n, n:]).max() > 0.01


def test_small_weights_grow_by_the_committee_matrix():
    """Assert the drift of plane waves of norm 1e-7 against the matrix over neurons, to 1e-9 of it."""
    b = np.array(BIASES[3])
    s = [[special.erf(x / math.sqrt(2)), math.sqrt(2 / math.pi) * math.exp(-x * x / 2)] for x in b]
    s0, s1, s2 = zip(*((v, d, -x * d) for x, (v, d) in zip(b, s, strict=True)), strict=True)
    spectra = [dispersion.ising_spectrum(2 * math.pi * 2 / SIZE, t, SIZE) for t in T]
    matrix = np.array(dispersion.committee_matrix((0.3, 0.7), spectra, s0, s1, s2))
    w = 1e-7 * np.outer([1.0, -0.4, 0.7], np.cos(2 * math.pi * 2 * np.arange(SIZE) / SIZE))
    found = network_drift(problem(prior=0.3), 0.0)(w, b)
    np.testing.assert_allclose(found, matrix @ w, rtol=1e-9, atol=1e-19)


@pytest.mark.parametrize("trained", [False, True])
def test_a_flow_follows_the_flow_over_all_states_while_small(trained):
    """Assert that the error at t = 1 against the exact flow (over all states) falls as |w|^5; of the biases as |w|^6."""
    from scipy.integrate import solve_ivp

    b, n = np.array(BIASES[3]), 3 * SIZE
    errors = []

    def exact(_, z):
        w, bias, _ = states(z[:n].reshape(3, SIZE), z[n:])
        return np.concatenate([w.ravel(), bias if trained else 0 * bias])

    for scale in (0.06, 0.03):
        w0 = scale * start(3)
        run = solve_network(problem(), w0, [0.0, 0.5, 1.0], b, trained, rtol=1e-12, atol=1e-16, tolerance=0.0)
        z = solve_ivp(exact, (0, 1), np.concatenate([w0.ravel(), b]), "DOP853", rtol=1e-12, atol=1e-16).y[:, -1]
        assert run.success
        np.testing.assert_array_equal(run.w[0], w0)
        errors.append((np.abs(run.w[-1].ravel() - z[:n]).max(), np.abs(run.bias[-1] - z[n:]).max()))
    assert math.log2(errors[0][0] / errors[1][0]) == pytest.approx(5, abs=0.4)
    if trained:
        assert math.log2(errors[0][1] / errors[1][1]) == pytest.approx(6, abs=0.5)
    else:
        np.testing.assert_array_equal(run.bias, np.tile(b, (3, 1)))


@pytest.mark.slow
def test_the_mean_field_is_the_flow_of_the_force_without_output():
    """Assert weights at t = 1 against the flow of E[y sigma'(h_k) x] over all states, to 3e-8 of their norm.

    With an activation of fifth degree sigma' has no fifth order in w: what is left is the output's factor, 2^-30.
    """
    from scipy.integrate import solve_ivp

    b, w0 = np.array([-0.6, 0.6]), 0.3 * start(2)

    def exact(_, z):
        out = np.zeros((2, SIZE))
        for t, y in zip(T, (1, -1), strict=True):
            x, weight = ising_points(t, SIZE)
            h = x @ z.reshape(2, SIZE).T + b
            out += y / 2 * (weight[:, None] * (1 - h**2 / 2 + h**4 / 24)).T @ x
        return out.ravel()

    given = {"closure": "mean-field", "rtol": 1e-11, "atol": 1e-14, "tolerance": 0.0}
    run = solve_network(problem(FIFTH), w0, [0.0, 1.0], b, **given)
    z = solve_ivp(exact, (0, 1), w0.ravel(), "DOP853", rtol=1e-11, atol=1e-14).y[:, -1]
    assert np.abs(run.w[-1].ravel() - z).max() < 3e-8 * np.linalg.norm(w0)
    assert np.abs(run.w[-1] - w0).max() > 0.01


def test_a_flow_that_leaves_the_third_order_says_so():
    """Assert NaN, a message with the time, and a warning when the weights blow up."""
    with pytest.warns(UserWarning, match="blew up at t ="):
        run = solve_network(problem(), 2.0 * start(2), [0.0, 500.0], [-1.0, 1.0])
    assert not run.success
    assert run.status is Status.DIVERGED
    assert np.isnan(run.w[-1]).all()


def test_the_next_order_is_the_fifth_of_gaussian_inputs():
    """Assert that third and fifth order together leave the seventh, where no sixth cumulant is missing.

    Inputs by tensor Gauss-Hermite points.
    """
    p = Problem(NLGP(1.0, 0.8), NLGP(1.0, 0.4), 4).gaussian_control()
    f, b, errors = network_drift(p), np.array(BIASES[2]), []
    z, weight = np.polynomial.hermite_e.hermegauss(12)
    points = np.stack(np.meshgrid(*4 * [z], indexing="ij"), -1).reshape(-1, 4)
    weights = np.prod(np.stack(np.meshgrid(*4 * [weight / math.sqrt(2 * math.pi)], indexing="ij"), -1), -1).ravel()
    for scale in (0.2, 0.1):
        w, out = scale * start(2, size=4), np.zeros((2, 4))
        for law, y in zip(p.laws, (1, -1), strict=True):
            C = second_cumulant(law, 4)[np.abs(np.subtract.outer(np.arange(4), np.arange(4)))]
            x = points @ np.linalg.cholesky(C).T
            value, slope = ACTIVATIONS["erf"](x @ w.T + b)
            out += 0.5 * ((weights * (y - value.mean(1)))[:, None] * slope).T @ x
        beyond = np.zeros((2, 4))
        kept = f._orders(w, b, beyond)[0]
        errors.append(np.abs(kept + beyond - out).max())
        assert np.abs(kept - out).max() > 8 * errors[-1]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(7, abs=0.3)


def test_the_next_order_is_that_of_dense_tensors():
    """Assert the kernel against the averages with C and K of two Ising rings as dense tensors, to rounding."""
    w, b = 0.8 * start(2), np.array(BIASES[2])
    s = [activation_kernels("erf").slopes(x) for x in b]
    expected, beyond = np.zeros_like(w), np.zeros_like(w)
    for t, y in zip(T, (1, -1), strict=True):
        C, K = dense_cumulants(*ising_points(t, SIZE))

        def form(*vectors, K=K):
            return np.einsum("ijkl,j,k,l->i", K, *vectors, optimize=True)

        for k, l in itertools.product(range(2), repeat=2):
            u, v = w[k], w[l]
            ways = (C @ u, C @ v, form(u, u, u), form(u, u, v), form(u, v, v), form(v, v, v))
            second = (u @ C @ u, u @ C @ v, v @ C @ v)
            fourth = (u @ ways[2], v @ ways[2], v @ ways[3], v @ ways[4], v @ ways[5])
            averages = network.pair_next(*second, *fourth, *s[k][1:], *s[l][:6])
            expected[k] -= sum(a * way for a, way in zip(averages, ways, strict=True)) / 4
            if k == l:
                a, c = network.label_next(second[0], fourth[0], s[k][6])
                expected[k] += y / 2 * (a * ways[0] + c * ways[2])
    network_drift(problem(), 0.0)._orders(w, b, beyond)
    np.testing.assert_allclose(beyond, expected, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize(("K", "b", "T"), [(8, [-1, -1, -1, -1, 1, 1, 1, 1], (0.7, 0.3)), (4, BIASES[4], (0.3, 0.7))])
def test_a_flow_says_when_it_leaves_its_range(K, b, T):
    """Assert that at the time flagged a unit's weights are wrong by 0.2 % to 20 %, against all 2^10 states (seed 0)."""
    from scipy.integrate import solve_ivp

    size, b = 10, np.array(b, dtype=float)
    data = [ising_points(t, size) for t in T]
    w0 = 0.1 * start(K, size=size)

    def exact(_, z):
        out = np.zeros((K, size))
        for (x, weight), y in zip(data, (1, -1), strict=True):
            value, slope = ACTIVATIONS["erf"](x @ z.reshape(K, size).T + b)
            out += 0.5 * ((weight * (y - value.mean(1)))[:, None] * slope).T @ x
        return out.ravel()

    p = Problem(Ising(t=T[0]), Ising(t=T[1]), size)
    with pytest.warns(UserWarning, match="left its range at t ="):
        run = solve_network(p, w0, [0.0, 1.0, 6.0], b)
    assert (run.status, run.success) == (Status.LEFT_RANGE, False)
    assert f"{run.valid_until:.4g}" in run.message
    assert run.next_order[0] < 0.01 < 0.1 < run.next_order[-1]
    assert network_drift(p).next_order(run(run.valid_until), b) == pytest.approx(0.1, rel=1e-3)
    end = solve_ivp(exact, (0, run.valid_until), w0.ravel(), "DOP853", rtol=1e-9, atol=1e-12).y[:, -1].reshape(K, size)
    wrong = np.linalg.norm(run(run.valid_until) - end, axis=1) / np.linalg.norm(end, axis=1)
    assert 0.002 < wrong.max() < 0.2
    within = solve_network(p, w0, [0.0, 0.9 * run.valid_until], b)
    assert (within.success, within.valid_until) == (True, math.inf)


@pytest.mark.parametrize("closure", ["taylor", "mean-field"])
def test_a_flow_is_a_result(closure, tmp_path):
    """Assert times in between read off the same run to the bit, a file read back to the bit, status, units, progress."""
    shares, fifth = [], problem(FIFTH)
    run = solve_network(fifth, 0.1 * start(2), [0.0, 0.5, 1.5], [-1.0, 1.0], closure=closure, progress=shares.append)
    np.testing.assert_array_equal(run([1.5, 0.0, 0.5]), run.w[[2, 0, 1]])
    np.testing.assert_array_equal(run(0.5), run.w[1])
    for t in (-1.0, [], [[1.0]], np.nan, "now"):
        with pytest.raises(ValueError, match="^t: got"):
            run(t)
    assert (run.status, run.success, run.message) == (Status.REACHED_END, True, "reached t = 1.5")
    assert (run.w.shape, run.bias.shape, run.k2.shape, run.ipr.shape) == ((3, 2, SIZE), (3, 2), (3, 2, 2), (3, 2))
    k2, k4 = preactivation_cumulants(fifth, run.w)
    np.testing.assert_array_equal(run.k2, k2)
    np.testing.assert_array_equal(run.k4, k4)
    assert (run.closure, run.problem, run.error) == (closure, fifth, 0.0)
    assert shares[-1] <= 1.0
    assert shares == sorted(shares)
    run.save(tmp_path / "flow.nc")
    again = load(tmp_path / "flow.nc")
    assert type(again) is type(run)
    for name in ("t", "w", "bias", "k2", "k4", "w0", "biases", "next_order", "statuses"):
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    assert again.provenance == run.provenance
    assert again.to_xarray().w.dims == ("time", "unit", "site")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(run)).w, copy.deepcopy(run).w)
