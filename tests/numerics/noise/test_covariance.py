"""The noise of one step against exact sums over states, brute-force tensors and independent quadrature."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from noise_data import DATA, RING, exact_noise
from oracles import Neuron, force, pearson_nodes

from cumulode import GP, NLGP, Ising, Problem, Solver, drift, fourth_cumulant, noise_covariance
from cumulode.numerics.contraction.form import fourth_form
from cumulode.numerics.flow.preactivation import preactivation_cumulants
from cumulode.numerics.noise.covariance import Covariance, noise_data, second_slices
from cumulode.theory.user_input.arguments import InvalidArgument


def test_noise_of_the_ising_ring():
    """Assert the Frobenius error against all 4096 states: 1.6 % at t = 2, 2.4 % at 5, 4 % at all six times.

    Without the terms in T it would be 2.4 % at t = 2; without K(w,w) 5 %.
    """
    errors = []
    for w in DATA["m"]:
        exact = exact_noise(w)
        errors.append(np.linalg.norm(noise_covariance(RING, w) - exact) / np.linalg.norm(exact))
    assert errors[1] < 0.016
    assert errors[2] < 0.024
    assert max(errors) < 0.04


@pytest.mark.parametrize(
    ("law", "size"), [(NLGP(3.0, 1.5), 9), (Ising(0.6), 8), (NLGP(2.0, 1.0), (4, 4))], ids=["nlgp", "ising", "torus"]
)
def test_second_slices_are_those_of_the_tensor(law, size):
    """Assert K(w,w) against sums over the whole tensor, to 1e-9 (contraction included; on the torus to 1e-6)."""
    problem = Problem(law, GP(NLGP(2.0, 1.0)), size)
    data, _ = noise_data(
        problem, (fourth_form(law, problem.shape, 1e-9), fourth_form(GP(NLGP(2.0, 1.0)), problem.shape, 1e-9))
    )
    w = np.random.default_rng(3).standard_normal(problem.size)
    found = np.empty((problem.size,) * 2)
    second_slices(w, data, found, np.empty((3, problem.size)))
    K = _tensor(law, problem)
    expected = np.einsum("ijkl,k,l->ij", K, w, w)
    assert found == pytest.approx(expected, abs=(1e-6 if len(problem.shape) > 1 else 1e-9) * np.abs(expected).max())


def _tensor(law, problem):
    sites = [np.array(site) for site in np.ndindex(problem.shape)]
    n, sides = problem.size, np.array(problem.shape)
    rows = [[(b - a) % sides for b in (j, k, l)] for a in sites for j in sites for k in sites for l in sites]
    flat = np.array(rows).reshape(n**4, 3, -1)
    distinct, place = np.unique(flat.reshape(n**4, -1), axis=0, return_inverse=True)
    offsets = distinct.reshape(len(distinct), 3, -1)
    values = fourth_cumulant(law, offsets[..., 0] if len(sides) == 1 else offsets, size=problem.shape)
    return np.asarray(values)[place.ravel()].reshape((n,) * 4)


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu"])
def test_noise_along_the_weights(activation):
    """Assert ``w.N.w`` is the variance of ``lam F`` over Pearson's law, by quadrature in high precision, to 1e-8.

    Eq. (fluctuations.24, squared force), (fluctuations.25, noise along w).
    """
    problem = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12, bias=-0.7, activation=activation, prior=0.4)
    w = 0.4 * np.random.default_rng(5).standard_normal(12)
    k2, k4 = preactivation_cumulants(problem, w)
    expected = -(float(w @ drift(problem)(w)) ** 2)
    for a, b, label, prior in zip(k2, k4, problem.labels, problem.priors, strict=True):
        neuron = Neuron(activation, label, problem.bias)
        with mp.workdps(30):
            nodes = pearson_nodes(neuron, mp.mpf(float(a)), mp.mpf(float(b)))
            both = (lam**2 * weight * (neuron.force(lam) ** 2 + neuron.force(-lam) ** 2) / 2 for lam, weight in nodes)
            expected += prior * float(mp.fsum(both))
    N = noise_covariance(problem, w)
    assert w @ N @ w == pytest.approx(expected, rel=1e-8)
    assert N == pytest.approx(N.T, abs=1e-14)
    assert np.linalg.eigvalsh(N)[0] > 0


def test_noise_at_small_weights_is_that_at_zero():
    """Assert ``sum_y p_y F_y(b)^2 C`` at w = 0 and, but for order |w|^2, near it; a Gaussian law has K(w,w) = 0."""
    problem = Problem(NLGP(3.0, 1.5), GP(NLGP(3.0, 0.5)), 12, bias=-1.0)
    zero = noise_covariance(problem, np.zeros(12))
    small = noise_covariance(problem, 1e-5 * np.random.default_rng(0).standard_normal(12))
    of = force("erf")
    assert zero.trace() / 12 == pytest.approx(sum(of(np.array(-1.0), y) ** 2 for y in problem.labels) / 2)
    assert small == pytest.approx(zero, abs=1e-8)
    assert noise_covariance(problem, np.zeros((2, 12))).shape == (2, 12, 12)


def test_noise_of_a_torus_turns_with_the_field():
    """Assert N of a translated field is N translated, on a torus of 4 x 4."""
    problem = Problem(NLGP(2.0, 1.0), NLGP(2.0, 0.5), (4, 4), bias=-1.0)
    covariance = Covariance(problem, Solver(tolerance=1e-3))
    w = np.random.default_rng(2).standard_normal((4, 4)) / 4
    moved = np.roll(w, (1, 2), axis=(0, 1))
    site = np.arange(16).reshape(4, 4)
    order = np.roll(site, (1, 2), axis=(0, 1)).ravel()
    N, M = covariance(w.ravel()), covariance(moved.ravel())
    assert M == pytest.approx(N[np.ix_(order, order)], abs=1e-12)


def test_refusals():
    """Assert one line that names the argument, also where a closure is not defined."""
    with pytest.raises(InvalidArgument, match="^w: "):
        noise_covariance(RING, np.full(12, math.nan))
    with pytest.raises(InvalidArgument, match="^problem: "):
        noise_covariance("ring", np.zeros(12))
