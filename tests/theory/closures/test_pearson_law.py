"""Pearson's law: its moments, Stein's rules, and what the module sums, against the density; planted mistakes."""

from functools import lru_cache

import mpmath as mp
import pytest
import sympy as sp
from mutants import mutant

from cumulode.theory.closures import pearson
from cumulode.theory.cumulants.partitions import cumulants_from_moments
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import d_e, f_o, lam, phi_e, s
from cumulode.theory.neuron.activations import h, parse, y

nu, S = sp.symbols("nu S", positive=True)
BRANCHES = [pearson.BOUNDED, pearson.HEAVY]
KURTOSES = [-1.9, -1.2, -0.4, 0.3, 0.8]


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(25):
        yield


def pearson_moment(n, order=nu):
    """E_nu[lam^n] of ``lam = S u``, u^2 a beta variable (1/2, nu - 1/2): a ratio of rising factorials."""
    return sp.Integer(0) if n % 2 else S**n * sp.rf(sp.Rational(1, 2), n // 2) / sp.rf(order, n // 2)


def pearson_mean(polynomial, order=nu):
    """E_nu of a polynomial in lam."""
    terms = sp.Poly(polynomial, lam).terms()
    return sum((c * pearson_moment(p, order) for (p,), c in terms), sp.Integer(0))


@pytest.mark.parametrize("kappa", KURTOSES)
@pytest.mark.parametrize("n", [2, 4, 6])
def test_the_moments_of_the_density_are_the_rising_factorials(kappa, n):
    """Assert, by quadrature of (1 - u^2)^(nu - 3/2) or of Student's density, that both signs of kappa share one formula."""
    order = -3 / mp.mpf(kappa) - 1
    if kappa > 0 and n >= -2 * order + 2 - 1:
        pytest.skip("this moment of Student's t does not exist")
    expected = (2 * order) ** (n // 2) * mp.rf(0.5, n // 2) / mp.rf(order, n // 2)
    assert abs(density_mean(lambda x: x**n, 1, kappa) - expected) < 1e-12 * abs(expected)


def density_mean(function, variance, kappa, shift=0):
    """E_(nu + shift)[function(lam)] at the S of ``variance`` and ``kappa``, from the density as theory.md writes it."""
    order = -3 / mp.mpf(kappa) - 1
    size = mp.sqrt(2 * abs(order) * variance)
    order += shift
    if kappa < 0:  # u = cos x, x = z^p, so that the integrand is smooth where two points take all the weight
        p, point = max(1, 1 / (2 * order - 1)), lambda z: mp.cos(z**p)
        weight = lambda z: mp.sin(z**p) ** (2 * order - 2) * p * z ** (p - 1)  # noqa: E731
    else:  # v = cot x
        p, point, weight = 1, mp.cot, lambda z: mp.sin(z) ** (1 - 2 * order)
    ends = [0, (mp.pi / 4) ** (1 / mp.mpf(p)), (mp.pi / 2) ** (1 / mp.mpf(p))]
    total = mp.quad(weight, ends)
    return mp.quad(lambda z: weight(z) * (function(size * point(z)) + function(-size * point(z))) / 2, ends) / total


def test_the_law_has_the_second_and_fourth_cumulant_it_is_given():
    """Assert that with S^2 = 2 nu k2, nu = -3/kappa - 1 its cumulants are k2 and k4, for either sign of k4; k6 is 60 k2^3/((nu+1)(nu+2))."""
    kappa = sp.Symbol("kappa", nonzero=True)
    order = -3 / kappa - 1
    moments = [
        pearson_moment(n).subs(S**2, 2 * nu * k2).subs(S, sp.sqrt(2 * nu * k2)).subs(nu, order) for n in range(1, 7)
    ]
    _, second, _, fourth, _, sixth = (sp.simplify(k) for k in cumulants_from_moments(moments))
    assert second == k2
    assert sp.simplify(fourth - kappa * k2**2) == 0
    assert sp.simplify(sixth - 60 * k2**3 / ((order + 1) * (order + 2))) == 0


@pytest.mark.parametrize("branch", BRANCHES, ids=lambda br: br.name)
def test_the_branches_use_the_nu_and_scale_of_the_theory(branch):
    """Assert nu = -3/kappa - 1, scale^2 = +-2 nu k2 in the assignments before the quadrature, kappa = -2, -6/5, 3/5 included."""
    before = dict(branch.before)
    kappas = (
        (sp.Rational(3, 5), sp.Rational(5, 2))
        if branch.heavy
        else (sp.Integer(-2), sp.Rational(-6, 5), sp.Rational(-1, 10))
    )
    for kappa in kappas:
        order = sp.simplify(before[pearson.nu].subs(k4, kappa * k2**2))
        assert order == -3 / kappa - 1
        assert sp.simplify(before[pearson.scale] ** 2 - (-1 if branch.heavy else 1) * 2 * pearson.nu * k2) == 0


@pytest.mark.parametrize("power", range(9))
def test_an_average_is_one_over_the_next_law(power):
    """Assert E_nu[Phi] = E_(nu+1)[Phi + lam F/(2 nu)] exactly for every monomial, hence every polynomial."""
    phi = lam**power
    other = phi + lam * sp.diff(phi, lam) / (2 * nu)
    assert sp.simplify(pearson_mean(phi) - pearson_mean(other, nu + 1)) == 0


@pytest.mark.parametrize("power", range(1, 9))
def test_steins_rule_holds_for_polynomials(power):
    """Assert E_nu[lam F] = k2 E_(nu+1)[F'], k2 = S^2/(2 nu), for F a monomial."""
    f = lam**power
    assert sp.simplify(pearson_mean(lam * f) - S**2 / (2 * nu) * pearson_mean(sp.diff(f, lam), nu + 1)) == 0


def orthogonal(n):
    """The monic orthogonal polynomials P_1 .. P_n of the law, by Gram-Schmidt on its moments."""
    found = []
    for degree in range(n + 1):
        p = lam**degree
        for q in found:
            p -= sp.simplify(pearson_mean(sp.expand(lam**degree * q)) / pearson_mean(sp.expand(q**2))) * q
        found.append(sp.expand(p))
    return found


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_general_stein_rule_holds_for_polynomials(n):
    """Assert E_nu[P_n F]/E_nu[P_n^2] = E_(nu+n)[F^(n)]/n! at fixed S for every monomial F to degree 7."""
    p = orthogonal(n)[n]
    norm = pearson_mean(sp.expand(p**2))
    for power in range(8):
        f = lam**power
        left = pearson_mean(sp.expand(p * f)) / norm
        assert sp.simplify(left - pearson_mean(sp.diff(f, lam, n), nu + n) / sp.factorial(n)) == 0


def test_the_third_orthogonal_polynomial_meets_x_as_the_theory_says():
    """Assert P_3 = lam^3 - (3 + kappa) k2 lam, so that E[x P_3] = K(w,w,w) - (k4/k2) C w (E[x lam^3] = 3 k2 C w + K)."""
    p = orthogonal(3)[3].subs(S, sp.sqrt(2 * nu * k2))
    kappa = -3 / (nu + 1)
    assert sp.simplify(p - (lam**3 - (3 + kappa) * k2 * lam)) == 0


def summed(branch, integrands, variance, kappa):
    """Integrals of ``integrands`` (in lam, s and the symbols of the branch) over the module's own path and weight."""
    before = dict(branch.before)
    order = -3 / mp.mpf(kappa) - 1
    values = {k2: variance, k4: kappa * variance**2, pearson.nu: order}
    values[pearson.scale] = mp.mpf(sp.N(before[pearson.scale].subs(values), 30))
    values[pearson.upper] = mp.mpf(sp.N(before[pearson.upper].subs(values), 30))
    quadrature = branch.quadrature({})
    weight = sp.lambdify(s, (quadrature.weight * quadrature.jacobian).subs(values), "mpmath")
    path = sp.lambdify(s, quadrature.lam.subs(values), "mpmath")
    functions = [sp.lambdify((lam, s), e.subs(values), "mpmath") for e in integrands]
    return [mp.quad(lambda x, f=f: weight(x) * f(path(x), x), [0, 0.5, 1]) for f in functions]


FORCE = (lam**5 / 50 - lam**3 / 3 + lam**2 / 4 + 2 * lam + 1).subs(lam, h)  # any polynomial; Phi its integral


def node_values(expr):
    """``phi_e, f_o, d_e`` of that polynomial in place of the symbols."""
    phi, parts = sp.integrate(FORCE, h), {}
    parts[phi_e] = (phi.subs(h, lam) + phi.subs(h, -lam)) / 2
    parts[f_o] = (FORCE.subs(h, lam) - FORCE.subs(h, -lam)) / 2
    parts[d_e] = (sp.diff(FORCE, h).subs(h, lam) + sp.diff(FORCE, h).subs(h, -lam)) / 2
    return sp.sympify(expr).xreplace(parts).subs(pearson.phi_0, 0)


def evaluated(branch, sums, results, variance, kappa):
    values = summed(branch, [node_values(e) for e in sums.values()], variance, kappa)
    known = dict(zip(sums, values, strict=True))
    known |= {k2: variance, k4: kappa * variance**2, pearson.nu: -3 / mp.mpf(kappa) - 1, pearson.phi_0: 0}
    return [mp.mpf(sp.N(e.subs(known), 25)) for e in results]


@lru_cache(maxsize=1)
def exact_psi():
    """E_nu[Phi] of the polynomial as a function of k2 and k4, exactly, by rising factorials."""
    order = -3 * k2**2 / k4 - 1
    phi = sp.integrate(FORCE, h).subs(h, lam)
    expr = pearson_mean(sp.expand(phi)).subs(S, sp.sqrt(2 * nu * k2)).subs(nu, order)
    return sp.lambdify((k2, k4), sp.simplify(expr), "mpmath")


def check_pearson(module, kappa):
    """Psi, A and B of the module's sums against the exact potential of a polynomial and its derivatives."""
    branch = module.BOUNDED if kappa < 0 else module.HEAVY
    variance, kappa = mp.mpf("0.8"), mp.mpf(kappa)
    fourth = kappa * variance**2
    sums, result = module.potential_sums()
    tolerance = 1e-9 if kappa > 0 else 1e-12  # both end where the weight is exp(-36); heavy tails lose more in lam^6
    assert abs(evaluated(branch, sums, [result], variance, kappa)[0] / exact_psi()(variance, fourth) - 1) < tolerance
    sums, A, B = module.gradient_sums(branch)
    found = evaluated(branch, sums, [A, B], variance, kappa)
    expected = [
        2 * mp.diff(exact_psi(), (variance, fourth), (1, 0)),
        4 * mp.diff(exact_psi(), (variance, fourth), (0, 1)),
    ]
    assert all(abs(f / e - 1) < 100 * tolerance for f, e in zip(found, expected, strict=True))


def check_regression(module, kappa):
    """A and B of the module's sums against c1 = E_(nu+1)[F'], c3 = E_(nu+3)[F''']/6, exactly."""
    branch = module.BOUNDED if kappa < 0 else module.HEAVY
    variance, kappa = mp.mpf("0.8"), mp.mpf(kappa)
    order = -3 / kappa - 1
    at = {S: mp.sqrt(2 * order * variance), nu: order}
    c1 = mp.mpf(sp.N(pearson_mean(sp.expand(sp.diff(FORCE, h).subs(h, lam)), nu + 1).subs(at), 25).as_real_imag()[0])
    c3 = mp.mpf(
        sp.N((pearson_mean(sp.expand(sp.diff(FORCE, h, 3).subs(h, lam)), nu + 3) / 6).subs(at), 25).as_real_imag()[0]
    )
    sums, A, B = module.regression_sums(branch)
    found = evaluated(branch, sums, [A, B], variance, kappa)
    tolerance = 1e-8 if kappa > 0 else 1e-11
    assert abs(found[0] / (c1 - c3 * kappa * variance) - 1) < tolerance
    assert abs(found[1] / c3 - 1) < tolerance


# Kurtoses at which sixth moments exist by a margin that the truncation at exp(-36) of the weight keeps.
@pytest.mark.parametrize("kappa", [-1.9, -1.2, -0.4, 0.1, 0.3])
def test_pearsons_sums_give_the_potential_and_its_derivatives(kappa):
    """Assert Psi, A = 2 dPsi/dk2 and B = 4 dPsi/dk4 for a polynomial force, whose averages are exact."""
    check_pearson(pearson, kappa)


@pytest.mark.parametrize("kappa", [-1.9, -1.2, -0.4, 0.1, 0.3])
def test_regression_is_the_projection_on_the_first_and_third_polynomial(kappa):
    """Assert A = c1 - c3 k4/k2 and B = c3 for a polynomial force, on both branches."""
    check_regression(pearson, kappa)


@pytest.mark.parametrize(("check", "old", "new"), [
    (check_pearson, "return phi_e - phi_0 + lam * f_o / (2 * nu)", "return phi_e - phi_0 + lam * f_o / nu"),
    (check_pearson, "return phi_e - phi_0 + lam * f_o / (2 * nu)", "return phi_e - phi_0 - lam * f_o / (2 * nu)"),
    (check_pearson, "psi_nu = (_p_nu - _p / _m0 * _m0_nu) / _m0", "psi_nu = (_p_nu + _p / _m0 * _m0_nu) / _m0"),
    (check_pearson, "psi_k2 = _d0 / _m0 / 2", "psi_k2 = _d0 / _m0"),
    (check_pearson, "square_of = 2 * nu_of * k2", "square_of = 2 * k2"),
    (check_pearson, "nu_of = -3 * k2**2 / k4 - 1", "nu_of = -3 * k2**2 / k4 + 1"),
    (check_pearson, "weight_nu * potential_integrand() + sp.diff(potential_integrand(), nu)", "weight_nu * potential_integrand()"),
    (check_pearson, "(sp.cosh(self.x) if self.heavy else sp.cos(self.x)) ** (2 * nu)",
     "(sp.cosh(self.x) if self.heavy else sp.cos(self.x)) ** (2 * nu - 1)"),
    (check_regression, "c3 = (_d2 / _m0 - M2 * c1) / (3 * (M4 - M2**2))", "c3 = (_d2 / _m0 - M2 * c1) / (6 * (M4 - M2**2))"),
    (check_regression, "c3 = (_d2 / _m0 - M2 * c1) / (3 * (M4 - M2**2))", "c3 = (_d2 / _m0 + M2 * c1) / (3 * (M4 - M2**2))"),
    (check_regression, "return sums, c1 - c3 * k4 / k2, c3", "return sums, c1 + c3 * k4 / k2, c3"),
    (check_regression, "M2, M4 = square / (2 * (nu + 1)), 3 * square**2 / (4 * (nu + 1) * (nu + 2))",
     "M2, M4 = square / (2 * nu), 3 * square**2 / (4 * (nu + 1) * (nu + 2))"),
])  # fmt: skip
def test_a_mistake_planted_in_pearsons_sums_is_noticed(check, old, new):
    """Assert that wrong factors, signs and shifts fail at one kurtosis or the other."""
    wrong = mutant(pearson, old, new)

    def everywhere():
        for kappa in (-0.4, 0.3):
            check(wrong, kappa)

    with pytest.raises(AssertionError):
        everywhere()


@pytest.mark.parametrize("kappa", KURTOSES)
@pytest.mark.parametrize(("variance", "label"), [(0.3, 1), (4.0, -1)])
def test_the_average_over_the_next_law_holds_for_erf(kappa, variance, label):
    """Assert E_nu[Phi] = E_(nu+1)[Phi + lam F/(2 nu)] beyond polynomials: erf at b = -0.7, densities integrated."""
    found = parse("erf")
    phi = sp.lambdify((h, y), found.potential_pieces()[0], "mpmath")
    force = sp.lambdify((h, y), found.force_pieces()[0], "mpmath")
    at, order = mp.mpf("-0.7"), -3 / mp.mpf(kappa) - 1
    with mp.workdps(20):
        left = density_mean(lambda x: phi(at + x, label), variance, kappa)
        right = density_mean(lambda x: phi(at + x, label) + x * force(at + x, label) / (2 * order), variance, kappa, 1)
    assert abs(left - right) < 1e-12
