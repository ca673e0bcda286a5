"""A small version of every kind of fault: nothing is lost and nothing is wrong; and the count notices what is."""

from __future__ import annotations

import sys

import pytest

from benchmarks.faults import caches, damage, disks, interruptions, kills
from benchmarks.faults.bench import Bench

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc, limits files")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path, small=True)


def faultless(rows):
    rows = list(rows)
    assert rows
    for row in rows:
        assert row.tried > 0, row
        assert row.lost == row.wrong == 0, row


@pytest.mark.slow
def test_single_bits(bench):
    """Assert that no bit turned in a map or in compiled code gives another number."""
    faultless(damage.rows(bench))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kills, interruptions, disks, caches])
def test_a_few_faults_of_each_kind(kind, bench):
    """Assert the same of processes killed and interrupted, disks that are full, caches that are damaged."""
    faultless(kind.rows(bench))


def test_the_count_notices(bench, monkeypatch):
    """Assert that a reader which does not verify checksums is counted as wrong."""
    monkeypatch.setattr(damage.KernelFiles, "load", lambda self, key: b"anything")
    assert damage.kernels(bench).wrong == 100
