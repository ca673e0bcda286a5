"""Files that the cases read: a phase diagram, results, starts, and what is none of these or was cut or changed."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import xarray as xr

from cumulode import NLGP, Problem, phase_diagram, simulate_sgd, solve

#: What is read; all but the first are none, or were cut or changed.
PHASES = [
    "phase.nc",
    *(f"phase_{what}.nc" for what in ("cut", "empty", "text", "folder", "other", "flipped0", "flipped1", "flipped2")),
]
RESULTS = [
    "result.nc",
    "result_sgd.nc",
    *(f"result_{what}.nc" for what in ("cut", "other", "flipped0", "flipped1", "flipped2")),
]

P = Problem(NLGP(2.0, 0.8), NLGP(2.0, 0.4), 6)


def write(folder: Path) -> None:
    """Write them: ``phase*``, ``result*``, ``start*``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = {"gain": [1.0, 2.0], "xi_plus": [0.4, 0.5]}
        phase_diagram(P, axes, seeds=2, time=1.0, points=3, out=folder / "phase.nc")
        w0 = 0.1 * np.random.default_rng(1).standard_normal(6)
        solve(P, w0, [0.0, 1.0]).save(folder / "result.nc")
        simulate_sgd(P, w0, [0.0, 0.1]).save(folder / "result_sgd.nc")
    good = (folder / "phase.nc").read_bytes()
    result = (folder / "result.nc").read_bytes()
    random = np.random.default_rng(0)
    for i in range(3):
        for name, data in (("phase", good), ("result", result)):
            broken = bytearray(data)
            for place in random.integers(0, len(data), 1 + 20 * i):
                broken[place] ^= 1 << random.integers(8)
            (folder / f"{name}_flipped{i}.nc").write_bytes(broken)
    (folder / "phase_cut.nc").write_bytes(good[: len(good) // 2])
    (folder / "phase_empty.nc").write_bytes(b"")
    (folder / "phase_text.nc").write_text("no netCDF\n")
    (folder / "phase_folder.nc").mkdir()
    (folder / "result_cut.nc").write_bytes(result[: len(result) // 2])
    xr.Dataset({"a\x1b[31m": ("x", [1.0])}).to_netcdf(folder / "phase_other.nc", engine="scipy")
    xr.Dataset({"a": ("x", [1.0])}, attrs={"kind": "Solution"}).to_netcdf(folder / "result_other.nc", engine="scipy")
    starts = {"start": w0, "start_nan": w0 * np.nan, "start_rows": np.stack([w0, w0]), "start_complex": w0 + 1j}
    for name, array in starts.items():
        np.save(folder / f"{name}.npy", array)
    np.savetxt(folder / "start.txt", w0)
    np.save(folder / "start_objects.npy", np.array([None, {}]), allow_pickle=True)
    (folder / "start_text.npy").write_text("1 2 3")
    (folder / "start_folder.npy").mkdir()
