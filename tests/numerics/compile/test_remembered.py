"""The cache bounded by memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cumulode.numerics.compile.remembered import Remembered
from cumulode.numerics.contraction import form
from cumulode.theory import NLGP


def test_what_was_used_longest_ago_goes_first_and_the_bound_holds():
    """Assert which values are computed again, that no more than the bound is held, but always the last one."""
    made = []
    cache = Remembered(lambda n: made.append(n) or bytes(n), 100, len)
    for n in (40, 50, 40, 30, 40, 50):  # 30 drives out 50, then 50 drives out 30
        assert len(cache(n)) == n
        assert cache.held <= 100
    assert made == [40, 50, 30, 50]
    assert len(cache(1000)) == 1000
    assert cache.held == 1000
    cache.clear()
    assert cache.held == 0


def test_threads_that_ask_at_once_get_equal_values_and_the_count_stays_right():
    """Assert the sum of what is kept after 400 calls of four threads for ten values."""
    cache = Remembered(lambda n: bytes(n), 10**6, len)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(cache, [100 + i % 10 for i in range(400)]))
    assert [len(x) for x in found] == [100 + i % 10 for i in range(400)]
    assert cache.held == sum(range(100, 110))


def test_forms_are_set_up_once():
    """Assert the same object for the same law, shape, tolerance and method, and another for another tolerance."""
    law = NLGP(3.0, 1.0)
    first = form.fourth_form(law, (20,), 1e-3)
    assert form.fourth_form(NLGP(3.0, 1.0), (20,), 1e-3) is first
    assert form.fourth_form(law, (20,), 1e-4) is not first
    assert first.nbytes > 1024
