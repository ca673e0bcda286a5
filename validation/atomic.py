"""Datasets on disk, whole at any moment: written beside the file and moved over it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cumulode.theory.validate import complain


def write(dataset: Any, path: str | Path) -> None:
    """Write netCDF (SciPy's engine); who reads meanwhile finds the old file or the new one."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        dataset.to_netcdf(beside, engine="scipy")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def earlier(path: str | Path | None, attrs: dict[str, Any]) -> Any:
    """The dataset in ``path``, or None where there is no file; ValueError where it is of other settings."""
    import xarray as xr

    if path is None or not Path(path).exists():
        return None
    try:
        found = xr.load_dataset(path, engine="scipy")
    except (OSError, ValueError, TypeError):
        raise complain("out", str(path), "a new path, or a netCDF file of the same settings") from None
    for name in ("title", "problem", "settings"):
        if found.attrs.get(name) != attrs[name]:
            raise complain("out", str(path), f"a new path, or a file of the same settings (there {name} differs)")
    return found
