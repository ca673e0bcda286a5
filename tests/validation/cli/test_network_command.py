"""``cumulode network`` is ``simulate_network`` on the command line."""

from __future__ import annotations

import json

import numpy as np

from cumulode import NLGP, Problem, simulate_network
from cumulode.validation.cli import main

RUN = ["network", "--size", "20", "--xi-plus", "2", "--hidden", "2", "--time", "0.5", "--points", "2", "--batch-size", "4",
       "--n-test", "50", "--quiet"]  # fmt: skip


def expected(**more):
    problem = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 20)
    return simulate_network(problem, 2, t_eval=[0, 0.5], batch_size=4, n_test=50, **more)


def test_the_json_and_the_files_hold_the_runs_of_the_seeds(tmp_path, capsys) -> None:
    """Assert that weights of seeds 3, 4 are the function's, in JSON, .npz and .nc."""
    net = expected(seeds=[3, 4], loss="cross-entropy", architecture="two-layer", biases=[0.5, -0.5])
    options = ["--seeds", "3,4", "--loss", "cross-entropy", "--architecture", "two-layer", "--biases=0.5,-0.5"]
    for suffix in ("npz", "nc"):
        assert main([*RUN, *options, "--json", "--out", str(tmp_path / f"a.{suffix}")]) == 0
        printed = json.loads(capsys.readouterr().out)
        np.testing.assert_allclose(printed["w"], net.w, rtol=1e-12)
        np.testing.assert_allclose(printed["accuracy"], net.accuracy)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["w"], net.w)
        np.testing.assert_array_equal(file["readout"], net.readout)
    import xarray as xr

    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as data:
        np.testing.assert_array_equal(data["w"], net.w)
        assert "--seeds 3,4" in data.attrs["command"]


def test_the_table_shows_medians_of_both_halves(capsys) -> None:
    """Assert the last line's IPR x D of b < 0 and b > 0, loss and accuracy."""
    assert main(RUN) == 0
    line = capsys.readouterr().out.splitlines()[2].split()
    net = expected(seeds=[0])
    values = [0.5, 20 * net.ipr[0, -1, 1], 20 * net.ipr[0, -1, 0], np.median(net.norm[0, -1]), net.loss[0, -1],
              net.loss_error[0, -1], net.accuracy[0, -1], net.accuracy_error[0, -1]]  # fmt: skip
    np.testing.assert_allclose([float(cell) for cell in line], values, rtol=1e-3)


def test_earlier_versions_counted_seeds_from_the_first(capsys) -> None:
    """Assert that --seed 3 --seeds 2 still trains seeds 3 and 4, with a line that says how to write it."""
    assert main([*RUN, "--seed", "3", "--seeds", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    np.testing.assert_allclose(json.loads(out)["w"], expected(seeds=[3, 4]).w, rtol=1e-12)
    assert "--seeds 3,4" in err
