"""What a comparison prints."""

from __future__ import annotations

import numpy as np

from cumulode import Ising, Problem, compare


def test_a_comparison_prints_its_judged_rows_and_what_they_show():
    """Assert a line a judged row, the seeds that would decide, the places of fields and the meaning of the columns."""
    problem = Problem(Ising(0.7), Ising(0.3), 12, bias=-1.0)
    start = 0.1 * np.random.default_rng(1).standard_normal(12) / np.sqrt(12)
    made = compare(problem, start, [0, 2.0, 10.0], seeds=2, verdict_times=1, runs=20)
    lines = str(made).splitlines()
    assert lines[0].split()[:3] == ["quantity", "time", "theory"]
    assert [line.split()[0] for line in lines[1:8]] == made.judged["quantity"].tolist()
    still_open = made.judged[made.judged["verdict"] == "inconclusive"]
    assert sum("seeds would decide" in line for line in lines) == np.isfinite(still_open["seeds_needed"]).sum() > 0
    assert any(line.startswith("fields within three sites") for line in lines)
    assert "theory - SGD = closure" in str(made)
    assert "\n" not in repr(made)
