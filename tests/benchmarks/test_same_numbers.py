"""What the comparison of two revisions calls the same."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import same_numbers

ARRAYS = {
    "flow/w": np.array([1.0, -2.0, np.nan]),
    "flow/statuses": np.array([0, 4]),
    "critical gain/values": np.array([0.3]),
    "check/0": np.array(["equal"]),
}


def test_the_same_arrays_are_equal():
    """Assert that NaN is NaN, and no row that is not allowed."""
    rows = same_numbers.compare(ARRAYS, {name: array.copy() for name, array in ARRAYS.items()})
    assert [row.case for row in rows] == ["flow", "critical gain", "check"]
    assert all(row.allowed and row.equal == row.arrays and row.difference == 0 for row in rows)


@pytest.mark.parametrize(
    ("name", "planted", "allowed"),
    [
        ("flow/w", np.array([1.0, np.nextafter(-2.0, 0), np.nan]), False),
        ("flow/w", np.array([1.0, -2.0, 0.0]), False),
        ("flow/w", np.array([1.0, -2.0]), False),
        ("flow/statuses", np.array([0, 3]), False),
        ("flow/statuses", np.array([0.0, 4.0]), False),
        ("check/0", np.array(["equal", "other"]), False),
        ("critical gain/values", np.array([0.3 * (1 + 1e-12)]), True),
        ("critical gain/values", np.array([0.3 * (1 + 1e-8)]), False),
    ],
)
def test_a_planted_difference_is_seen(name, planted, allowed):
    """Assert one row with a difference, allowed only within the tolerance that is stated with a reason."""
    rows = same_numbers.compare(ARRAYS, ARRAYS | {name: planted})
    different = [row for row in rows if row.difference > 0]
    assert [row.case for row in different] == [name.split("/")[0]]
    assert different[0].allowed is allowed
    assert different[0].words.startswith("roots by" if allowed else "DIFFERS")


@pytest.mark.parametrize("name", list(ARRAYS))
def test_an_array_that_one_revision_lacks_is_a_difference(name):
    """Assert it either way."""
    less = {key: array for key, array in ARRAYS.items() if key != name}
    for rows in (same_numbers.compare(ARRAYS, less), same_numbers.compare(less, ARRAYS)):
        assert [row.case for row in rows if not row.allowed] == [name.split("/")[0]]
    assert name.split("/")[1] in same_numbers.table(rows)
