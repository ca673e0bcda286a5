"""Moments and cumulants over set partitions: round trips, laws with known cumulants, and mutants that must be noticed."""

import inspect
from functools import lru_cache
from itertools import combinations, pairwise
from types import ModuleType

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import mutant

from cumulode.theory.cumulants import partitions as cumulants

ORDER = 8
M = sp.symbols(f"m1:{ORDER + 1}")
K = sp.symbols(f"k1:{ORDER + 1}")
few = settings(deadline=None, max_examples=20, derandomize=True)


@lru_cache
def site_cumulant(index):
    """One symbol for each multiset of sites."""
    return sp.Symbol("kappa_" + "".join(map(str, sorted(index))))


def joint_moments(module):
    """Moments, as polynomials in the joint cumulants, of any index tuple."""
    return lru_cache(lambda index: sp.expand(module.joint_moment(tuple(sorted(index)), site_cumulant)))


# ------------------------------------------------------------------------------------------------- checks


def check_one_variable(module):
    """Moments -> cumulants -> moments and back, to order 8, as polynomials."""
    assert module.moments_from_cumulants(module.cumulants_from_moments(M)) == list(M)
    assert module.cumulants_from_moments(module.moments_from_cumulants(K)) == list(K)


def check_one_variable_by_partitions(module, order=6):
    """The recursion of one variable against the sum over all partitions."""
    by_recursion = module.moments_from_cumulants(K[:order])
    for n in range(1, order + 1):
        by_partitions = module.joint_moment((0,) * n, lambda block: K[len(block) - 1])
        assert sp.expand(by_recursion[n - 1] - by_partitions) == 0


def check_joint(module, index):
    """The cumulant of moments made from cumulants is the cumulant that went in."""
    moment = joint_moments(module)
    assert (
        sp.expand(module.joint_cumulant(index, lambda block: moment(tuple(sorted(block)))) - site_cumulant(index)) == 0
    )


def check_rademacher(module):
    """Signs: all even moments 1; cumulants 1, -2, 16, -272 (from log cosh)."""
    assert module.cumulants_from_moments([0, 1] * 4) == [0, 1, 0, -2, 0, 16, 0, -272]


# -------------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("n", range(9))
def test_partitions_are_as_many_as_bell_numbers_and_all_different(n):
    """Assert that the partitions of n items are distinct, cover the items once each, and number B_n."""
    found = list(cumulants.set_partitions(tuple(range(n))))
    assert len(found) == sp.bell(n)
    assert len({frozenset(frozenset(block) for block in blocks) for blocks in found}) == len(found)
    assert all(sorted(item for block in blocks for item in block) == list(range(n)) for blocks in found)


@given(n=st.integers(1, 8), blocks=st.integers(1, 8))
@few
def test_partitions_into_a_number_of_blocks_are_as_many_as_stirling_numbers(n, blocks):
    """Assert that those with a given number of blocks number S(n, p): each p weighs differently in a cumulant."""
    found = sum(len(p) == blocks for p in cumulants.set_partitions(tuple(range(n))))
    assert found == sp.functions.combinatorial.numbers.stirling(n, blocks)


def test_equal_items_are_kept_apart():
    """Assert that repeated sites count as different items: E[x^2] has two partitions."""
    assert len(list(cumulants.set_partitions(("a", "a")))) == 2


def test_moments_and_cumulants_of_one_variable_are_inverse_to_order_eight():
    """Assert that both round trips give back symbols m_1 .. m_8 and k_1 .. k_8."""
    check_one_variable(cumulants)


def test_the_recursion_is_the_sum_over_partitions():
    """Assert that the grouped recursion of one variable equals the ungrouped sum."""
    check_one_variable_by_partitions(cumulants)


@pytest.mark.parametrize(
    "index",
    [
        (0,),
        (0, 1),
        (0, 0),
        (0, 0, 1),
        (0, 1, 2, 3),
        (0, 0, 1, 2),
        (0, 0, 1, 1),
        (0, 0, 0, 0),
        (0, 1, 0, 2, 1),
        (0, 0, 1, 1, 2, 2),
        (0, 0, 0, 1, 1, 2),
        (0, 1, 2, 3, 4, 5),
        (3, 3, 3, 3, 3, 3),
    ],
    ids=str,
)
def test_joint_moments_and_cumulants_are_inverse_with_repeated_sites(index):
    """Assert the round trip to order 6 with all patterns of repeated sites, in any order."""
    check_joint(cumulants, index)


@given(st.permutations((0, 0, 1, 2)))
@few
def test_a_joint_moment_does_not_depend_on_the_order_of_its_sites(index):
    """Assert permutation symmetry."""
    assert sp.expand(cumulants.joint_moment(tuple(index), site_cumulant) - joint_moments(cumulants)((0, 0, 1, 2))) == 0


def pairings(items):
    """Isserlis, independently: all ways to pair ``items``."""
    if not items:
        yield []
    for i in range(1, len(items)):
        for rest in pairings(items[1:i] + items[i + 1 :]):
            yield [(items[0], items[i]), *rest]


@pytest.mark.parametrize(
    "index",
    [(0, 1, 2), (0, 0, 1), (0, 1, 2, 3), (0, 0, 1, 1), (0, 0, 1, 2, 3), (0, 1, 2, 3, 4, 5), (0, 0, 0, 1, 1, 1)],
    ids=str,
)
def test_joint_gaussian_cumulants_beyond_the_second_vanish(index):
    """Assert that moments by Isserlis' pairings have no third, fourth, fifth or sixth cumulant."""

    def moment(sites):
        return sum(sp.prod([site_cumulant(pair) for pair in pairing]) for pairing in pairings(tuple(sites)))

    assert sp.expand(cumulants.joint_cumulant(index, moment)) == 0


def test_one_gaussian_variable_has_two_cumulants_at_any_mean():
    """Assert that m, m^2 + v, ... (the moments of N(m, v)) give cumulants m, v, 0 .. 0 to order 8."""
    m, v, z = sp.symbols("m v z")
    series = sp.expand(sum((m * z + v * z**2 / 2) ** j / sp.factorial(j) for j in range(ORDER + 1)))  # exp, to z^8
    moments = [sp.factorial(n) * series.coeff(z, n) for n in range(1, ORDER + 1)]
    assert cumulants.cumulants_from_moments(moments) == [m, v] + [0] * (ORDER - 2)


def test_signs_have_cumulants_minus_two_and_sixteen():
    """Assert the cumulants of a Rademacher variable."""
    check_rademacher(cumulants)


def test_the_uniform_law_has_the_bernoulli_numbers_as_cumulants():
    """Assert k_n = B_n 2^n / n on [-1, 1]: 1/3, -2/15, 16/63, -16/15; and -6/5 for the fourth at unit variance."""
    found = cumulants.cumulants_from_moments([sp.Rational(1 - n % 2, n + 1) for n in range(1, ORDER + 1)])
    assert found == [sp.bernoulli(n) * 2**n / n if n % 2 == 0 else 0 for n in range(1, ORDER + 1)]
    assert found[3] / found[1] ** 2 == sp.Rational(-6, 5)


def test_the_exponential_and_poisson_laws_have_their_known_cumulants():
    """Assert m_n = n! has k_n = (n-1)!, and all cumulants equal to 1 have the Bell numbers as moments (odd ones count)."""
    n = range(1, ORDER + 1)
    assert cumulants.cumulants_from_moments([sp.factorial(i) for i in n]) == [sp.factorial(i - 1) for i in n]
    assert cumulants.moments_from_cumulants([1] * ORDER) == [sp.bell(i) for i in n]


def test_a_fourth_moment_of_an_even_law_is_three_products_of_pairs_and_the_cumulant():
    """Assert M = C C + C C + C C + K where odd cumulants vanish (theory.md section 2)."""
    even = joint_moments(cumulants)((0, 1, 2, 3)).subs({site_cumulant((i,)): 0 for i in range(4)})
    c = {pair: site_cumulant(pair) for pair in combinations(range(4), 2)}
    by_hand = c[0, 1] * c[2, 3] + c[0, 2] * c[1, 3] + c[0, 3] * c[1, 2] + site_cumulant((0, 1, 2, 3))
    assert sp.expand(even - by_hand) == 0


@pytest.mark.parametrize("order", [0, 2, 4, 6, 8])
def test_even_moments_are_joint_moments_with_two_cumulants(order):
    """Assert that ``even_moments`` is the sum over partitions into blocks of two and four."""
    k2, k4 = sp.symbols("k2 k4")
    found = cumulants.even_moments(order, k2, k4)
    assert sorted(found) == list(range(0, order + 1, 2))
    for n, moment in found.items():
        by_partitions = cumulants.joint_moment(("l",) * n, lambda block: {2: k2, 4: k4}.get(len(block), 0))
        assert sp.expand(moment - by_partitions) == 0


def test_even_moments_are_k2_then_three_k2_squared_plus_k4_then_fifteen_terms():
    """Assert m2, m4, m6 and m8 as written by hand."""
    k2, k4 = sp.symbols("k2 k4")
    found = cumulants.even_moments(8, k2, k4)
    by_hand = {
        0: 1,
        2: k2,
        4: 3 * k2**2 + k4,
        6: 15 * k2**3 + 15 * k2 * k4,
        8: 105 * k2**4 + 210 * k2**2 * k4 + 35 * k4**2,
    }
    assert all(sp.expand(found[n] - by_hand[n]) == 0 for n in by_hand)


@given(values=st.lists(st.tuples(st.fractions(-3, 3, max_denominator=7), st.integers(1, 5)), min_size=1, max_size=4))
@few
def test_cumulants_add_over_independent_variables(values):
    """Assert that k_n of a sum of two independent discrete variables is the sum of the k_n: their defining property."""
    weight = sum(p for _, p in values)
    law = [(sp.Rational(x.numerator, x.denominator), sp.Rational(p, weight)) for x, p in values]
    other = [(sp.Integer(-1), sp.Rational(1, 3)), (sp.Integer(2), sp.Rational(2, 3))]
    together = [(a + b, p * q) for a, p in law for b, q in other]
    k, k_other, k_sum = (
        [*cumulants.cumulants_from_moments([sum(p * x**n for x, p in pairs) for n in range(1, 7)])]
        for pairs in (law, other, together)
    )
    assert all(a + b == c for a, b, c in zip(k, k_other, k_sum, strict=True))


# ------------------------------------------------------------------------------------------------ mutants


@pytest.mark.parametrize("dropped", range(15))
def test_a_partition_dropped_is_noticed(dropped, monkeypatch):
    """Assert that leaving out any one of the 15 partitions of four sites breaks the round trip of the known cumulants."""
    everything = cumulants.set_partitions

    def some(items):
        for i, blocks in enumerate(everything(items)):
            if len(items) < 4 or i != dropped:
                yield blocks

    monkeypatch.setattr(cumulants, "set_partitions", some)
    signs = cumulants.joint_cumulant((0,) * 4, lambda block: (len(block) + 1) % 2)
    exponential = cumulants.joint_cumulant((0,) * 4, lambda block: sp.factorial(len(block)))
    assert (signs, exponential) != (-2, 6)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(-1) ** (p - 1) * sp.factorial(p - 1)", "(-1) ** p * sp.factorial(p - 1)"),
        ("(-1) ** (p - 1) * sp.factorial(p - 1)", "sp.factorial(p - 1)"),
        ("(-1) ** (p - 1) * sp.factorial(p - 1)", "(-1) ** (p - 1)"),
        ("(-1) ** (p - 1) * sp.factorial(p - 1)", "(-1) ** (p - 1) * sp.factorial(p)"),
        (
            "yield [*partition[:i], (first, *block), *partition[i + 1 :]]",
            "yield [*partition[:i], (first, *block), *partition[i:]]",
        ),
        ("yield [(first,), *partition]", "yield [(first, first), *partition]"),
    ],
)
def test_a_wrong_weight_or_block_is_noticed_by_the_joint_round_trip(old, new):
    """Assert that mistakes planted in the partition sums break the round trip of four sites."""
    with pytest.raises(AssertionError):
        check_joint(mutant(cumulants, old, new), (0, 0, 1, 2))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "(comb(n - 1, j - 1) * cumulants[j - 1] * moments[n - j] for",
            "(comb(n, j - 1) * cumulants[j - 1] * moments[n - j] for",
        ),
        (
            "(comb(n - 1, j - 1) * cumulants[j - 1] * moments[n - j] for",
            "(comb(n - 1, j) * cumulants[j - 1] * moments[n - j] for",
        ),
        ("cumulants.append(sp.expand(full[n] - known))", "cumulants.append(sp.expand(full[n] + known))"),
        ("* full[n - j] for j in range(1, n))", "* full[n - j] for j in range(1, n - 1))"),
    ],
)
def test_a_wrong_recursion_is_noticed_by_the_round_trip_of_one_variable(old, new):
    """Assert that mistakes planted in the recursions break the round trip."""
    with pytest.raises(AssertionError):
        check_one_variable(mutant(cumulants, old, new))


def test_a_mistake_made_in_both_directions_is_noticed_by_known_laws():
    """Assert that a recursion wrong both ways, whose round trip closes, still fails the partitions and the Rademacher law."""
    source = inspect.getsource(cumulants)
    assert source.count("comb(n - 1, j - 1)") == 2
    wrong = ModuleType("cumulode.theory.cumulants_twice_wrong")
    wrong.__package__ = cumulants.__package__
    exec(source.replace("comb(n - 1, j - 1)", "comb(n - 1, j - 1) * (1 + (j == 2) * (n - j))"), wrong.__dict__)
    check_one_variable(wrong)
    for check in (check_rademacher, check_one_variable_by_partitions):
        with pytest.raises(AssertionError):
            check(wrong)


def test_the_bell_triangle_grows_as_the_partitions_do():
    """Assert B_(n+1) = sum_k C(n, k) B_k on the counts themselves, not on SymPy's table."""
    counts = [sum(1 for _ in cumulants.set_partitions(tuple(range(n)))) for n in range(9)]
    for n, (_, following) in enumerate(pairwise(counts)):
        assert following == sum(sp.binomial(n, k) * counts[k] for k in range(n + 1))
