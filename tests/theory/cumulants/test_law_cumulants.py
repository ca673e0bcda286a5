"""Cumulants of Ising rings summed over all states, the arcsine law against Gaussian integrals in 20 digits."""

import itertools
import math
from functools import lru_cache

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulode.theory import NLGP, Ising
from cumulode.theory.cumulants import ising, nlgp

few = settings(deadline=None, max_examples=25, derandomize=True)
t = sp.Symbol("t")


@lru_cache(maxsize=256)
def ring_moment(sites, size, value=t):
    """E[x_i x_j ...] by summing all states of the ring, bonds weighing (1 + t s s'); a rational function of t."""
    top, bottom = sp.Integer(0), sp.Integer(0)
    for state in itertools.product((1, -1), repeat=size):
        weight = sp.prod([1 + value * state[i] * state[i - 1] for i in range(size)])
        top += weight * math.prod(state[i] for i in sites)
        bottom += weight
    return sp.factor(top) / sp.factor(bottom)


@pytest.mark.parametrize("size", [4, 5])
def test_ising_cumulants_are_sums_over_all_states(size):
    """Assert C, the four-point moment and K as rational functions of t, for every set of sites of rings of 4 and 5."""
    for d in range(size):
        assert sp.cancel(ising.second(t, d, size) - ring_moment((0, d), size)) == 0
    pair = {d: ising.second(t, d, size) for d in range(size)}
    for rest in itertools.combinations_with_replacement(range(size), 3):
        sites = (0, *rest)
        gaps = [b - a for a, b in itertools.pairwise(sites)]
        gaps.append(size - sum(gaps))
        moment = ring_moment(sites, size)
        i, j, k, l = sites
        disconnected = pair[j - i] * pair[l - k] + pair[k - i] * pair[l - j] + pair[l - i] * pair[k - j]
        assert sp.cancel(ising.fourth_moment(t, gaps, size) - moment) == 0
        assert sp.cancel(ising.fourth(t, gaps, size) - (moment - disconnected)) == 0


def test_on_the_line_one_term_of_the_ising_cumulant_is_left():
    """Assert the limit D -> infinity: K = -2 t^(g0 + 2 g1 + g2), C = t^d, by |t| < 1."""
    gaps = (2, 3, 1)
    assert ising.fourth(t, gaps) == -2 * t**9
    assert ising.second(t, 4) == t**4
    at = sp.Rational(3, 5)
    ring = ising.fourth(at, [*gaps, 400 - 6], 400)
    assert abs(ring / ising.fourth(at, gaps) - 1) < sp.Rational(1, 10**80)


@pytest.mark.parametrize(("g", "c"), [(1e-3, 0.5), (0.7, 0.9), (3.0, -0.2), (50.0, 0.999)])
def test_the_arcsine_law_is_the_covariance_of_two_erfs(g, c):
    """Assert E[x x'] = asin(q c)/asin(q) against a Gaussian integral in 20 digits, and the symbolic form against it."""
    with mp.workdps(30):
        g_, c_ = mp.mpf(g), mp.mpf(c)
        scale = g_ / mp.sqrt(1 + g_**2 * (1 - c_**2))  # E[erf(g z'/sqrt 2) | z] = erf(scale c z/sqrt 2)

        def both(z, other):
            return mp.erf(g_ * z / mp.sqrt(2)) * mp.erf(other * z / mp.sqrt(2)) * mp.npdf(z)

        cuts = [0, 1 / g_, 1, 3, 6, 12] if g_ > 1 else [0, 1, 3, 6, 12]
        covariance = 2 * mp.quad(lambda z: both(z, scale * c_), cuts)
        variance = 2 * mp.quad(lambda z: both(z, g_), cuts)
        q = g_**2 / (1 + g_**2)
        assert abs(nlgp.second(sp.Float(q, 30), sp.Float(c_, 30), sp) - covariance / variance) < 1e-18
        assert abs(nlgp.normalisation(sp.Float(q, 30), sp) - variance) < 1e-18
    law = NLGP(g, 1.0)
    complements = (1 - law.q * c, law.one_minus_q)
    expected = float(covariance / variance)
    assert abs(nlgp.second(law.q, c) / expected - 1) < 1e-13
    assert abs(nlgp.second(law.q, c, complements=complements) / expected - 1) < 1e-14


@few
@given(g=st.one_of(st.floats(1e-7, 1e7), st.just(math.inf)))
def test_q_and_its_complement_add_up_to_one(g):
    """Assert q = g^2/(1+g^2) and 1 - q to all digits at small and large gain, sign(z) included."""
    law = NLGP(g, 1.0)
    with mp.workdps(40):
        rest = 1 / (1 + mp.mpf(g) ** 2)
        assert abs(law.one_minus_q - rest) <= 3e-16 * rest
        assert abs(law.q - (1 - rest)) <= 3e-16 * (1 - rest)


def test_the_correlation_length_of_an_ising_law_is_that_of_its_covariance():
    """Assert C_d = sign^d exp(-d/xi) on the line, and xi = 0 for free spins."""
    law = Ising(t=-0.6)
    assert math.isclose(abs(ising.second(law.t, 5)), math.exp(-5 / law.xi), rel_tol=1e-14)
    assert Ising(t=0.0).xi == 0.0
    assert abs(Ising(J=18.0).t) < 1  # the largest coupling that is taken
