"""Closures as expressions: coefficients from potentials, limits, and names."""

import mpmath as mp
import pytest
import sympy as sp
from mutants import mutant

from cumulode.theory.closures import family as closures
from cumulode.theory.closures import names
from cumulode.theory.closures.family import b, closure
from cumulode.theory.cumulants.partitions import cumulants_from_moments
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.gaussian import GaussianMean

u = sp.Symbol("u", positive=True)


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(25):
        yield


def check_coefficients(module, name, A, B):
    found = module.closure(name).coefficients()
    assert sp.expand(found[0] - A) == 0
    assert sp.expand(found[1] - B) == 0


EDGEWORTH = (GaussianMean(1, b, k2) + k4 / 24 * GaussianMean(5, b, k2), GaussianMean(3, b, k2) / 6)


def test_the_gaussian_closure_is_the_mean_slope_of_the_force():
    """Assert A = E_G[F'], B = 0 (theory.md section 3)."""
    check_coefficients(closures, "gaussian", GaussianMean(1, b, k2), 0)


def test_edgeworth_has_the_coefficients_of_the_theory():
    """Assert A = E_G[F'] + k4/24 E_G[F'''''] and B = E_G[F''']/6 (theory.md section 3)."""
    check_coefficients(closures, "edgeworth", *EDGEWORTH)


@pytest.mark.parametrize(("old", "new"), [
    ("return GaussianMean(-1, b, k2) + k4 / 24 * GaussianMean(3, b, k2)", "return GaussianMean(-1, b, k2) - k4 / 24 * GaussianMean(3, b, k2)"),
    ("return GaussianMean(-1, b, k2) + k4 / 24 * GaussianMean(3, b, k2)", "return GaussianMean(-1, b, k2) + k4 / 12 * GaussianMean(3, b, k2)"),
    ("return GaussianMean(-1, b, k2) + k4 / 24 * GaussianMean(3, b, k2)", "return GaussianMean(-1, b, k2) + k4 / 24 * GaussianMean(4, b, k2)"),
    ("2 * sp.diff(self.potential, k2)", "sp.diff(self.potential, k2)"),
    ("4 * sp.diff(self.potential, k4)", "2 * sp.diff(self.potential, k4)"),
])  # fmt: skip
def test_a_wrong_edgeworth_is_noticed(old, new):
    """Assert that each number of Psi and of A, B is pinned by the formula of the theory."""
    wrong = mutant(closures, old, new)
    with pytest.raises(AssertionError):
        check_coefficients(wrong, "edgeworth", *EDGEWORTH)


DEGREE = 10
PHI = sp.symbols(f"p0:{DEGREE + 1}")  # Phi(h) = sum_n p_n h^n / n!, as a function of h - b


def gaussian_mean(n, m, v):
    """E[F^(n)] of that polynomial over N(m, v), by its moments; m counted from b."""
    total = sp.Integer(0)
    shift = sp.expand(m - b)
    for j in range(n + 1, DEGREE + 1):
        degree = j - n - 1
        moment = sum(
            sp.binomial(degree, 2 * i) * sp.factorial2(2 * i - 1) * v**i * shift ** (degree - 2 * i)
            for i in range(degree // 2 + 1)
        )
        total += PHI[j] / sp.factorial(degree) * moment
    return total


def with_polynomial(expr):
    return expr.replace(GaussianMean, lambda n, m, v: gaussian_mean(int(n), m, v))


def in_powers_of_u(expr):
    """The expression at ``k4 = -2 u^4``, so that the bimodal half-distance is ``u``."""
    return sp.expand(sp.simplify(with_polynomial(expr).subs(k4, -2 * u**4)))


def check_bimodal(module):
    """Psi of bimodal less Psi of edgeworth: nothing below u^6, there 16 u^6/720 E[Phi^(6)] (the sixth cumulant of +-u)."""
    difference = in_powers_of_u(module.closure("bimodal").potential - closure("edgeworth").potential)
    for power in range(6):
        assert difference.coeff(u, power) == 0
    sixth = sp.Rational(16, 720) * with_polynomial(GaussianMean(5, b, k2))
    assert sp.expand(difference.coeff(u, 6) - sixth) == 0


def test_bimodal_is_edgeworth_to_first_order_in_the_fourth_cumulant():
    """Assert, for a generic polynomial of degree 10, equality through k4 and the exact first term beyond."""
    check_bimodal(closures)


@pytest.mark.parametrize(("old", "new"), [
    ("m = (-k4 / 2) ** sp.Rational(1, 4)", "m = (-k4) ** sp.Rational(1, 4)"),
    ("m = (-k4 / 2) ** sp.Rational(1, 4)", "m = (-k4 / 2) ** sp.Rational(1, 2)"),
    ("(GaussianMean(-1, b + m, k2 - m**2) +", "(GaussianMean(-1, b + m, k2 - 2 * m**2) +"),
    ("GaussianMean(-1, b - m, k2 - m**2)) / 2", "GaussianMean(-1, b + m, k2 - m**2)) / 2"),
])  # fmt: skip
def test_a_wrong_bimodal_is_noticed(old, new):
    """Assert that wrong distances and widths fail the limit."""
    with pytest.raises(AssertionError):
        check_bimodal(mutant(closures, old, new))


def test_the_bimodal_law_has_the_two_cumulants_it_is_given():
    """Assert k2 and k4 of ``lam = +-m + s n`` by their moments, and k6 = 16 m^6."""
    m = (-k4 / 2) ** sp.Rational(1, 4)
    z = k2 - m**2
    moments = [0 if n % 2 else sum(sp.binomial(n, 2 * i) * sp.factorial2(2 * i - 1) * z**i * m ** (n - 2 * i) for i in range(n // 2 + 1))
               for n in range(1, 7)]  # fmt: skip
    _, second, _, fourth, _, sixth = cumulants_from_moments(moments)
    assert sp.simplify(second - k2) == 0
    assert sp.simplify(fourth - k4) == 0
    assert sp.simplify(sixth - 16 * m**6) == 0


def test_bimodal_of_erf_approaches_edgeworth_at_the_stated_rate():
    """Assert in numbers, erf at b = -1: A differs by O(k4^(3/2)), B by O(k4^(1/2)), the ratios of halved u telling."""
    gaps = {u_: _gap(mp.mpf(u_)) for u_ in ("0.2", "0.1", "0.05")}
    for (A, B), (A_half, B_half) in [(gaps["0.2"], gaps["0.1"]), (gaps["0.1"], gaps["0.05"])]:
        assert 5.7 < mp.log(A / A_half, 2) < 6.1
        assert 1.9 < mp.log(B / B_half, 2) < 2.1
    assert abs(gaps["0.05"][0]) < 1e-7


def _gap(m):
    """A and B of bimodal less those of edgeworth at k2 = 0.7, by quadrature of F over the two laws."""
    value = {k2: mp.mpf("0.7"), k4: -2 * m**4, b: mp.mpf(-1)}
    means = {}
    exprs = [e - f for e, f in zip(closure("bimodal").coefficients(), closure("edgeworth").coefficients(), strict=True)]
    for found in set().union(*(e.atoms(GaussianMean) for e in exprs)):
        n, centre, var = (sp.N(a.subs(value), 30) for a in found.args)
        means[found] = sp.Float(_erf_mean(int(n), mp.mpf(centre), mp.mpf(var)), 25)
    return [mp.mpf(sp.N(e.xreplace(means).subs(value), 25)) for e in exprs]


def _erf_mean(n, centre, var):
    """E[F^(n)], y = +1, over N(centre, var) as E[F He_n]/s^n, on 120 equal steps (spectrally accurate here)."""
    width, step = mp.sqrt(var), mp.mpf(1) / 5
    total = mp.mpf(0)
    for i in range(-60, 61):
        z = i * step
        total += (
            _erf_force(centre + width * z) * mp.hermite(n, z / mp.sqrt(2)) / mp.mpf(2) ** (mp.mpf(n) / 2) * mp.npdf(z)
        )
    return total * step / width**n


def _erf_force(x):
    return (1 - mp.erf(x / mp.sqrt(2))) * mp.sqrt(2 / mp.pi) * mp.exp(-(x**2) / 2)


def test_every_name_is_a_closure_and_says_whether_it_is_a_gradient():
    """Assert that names, titles and the gradient flag of ``names`` and ``closures`` agree, higher orders included."""
    for name in (*names.CLOSURES, "taylor-5", "taylor-19", "tree:2.2"):
        found = closure(name)
        assert found.name == name
        assert found.gradient == names.is_gradient(name)
        assert (found.potential is None) == (name.split(":")[0] in ("pearson", "regression", "tree", "conditional"))
