"""Files whole at any moment: written under another name, then moved over the old one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from cumulode.theory.user_input.arguments import InvalidArgument


def write_bytes(path: Path, data: bytes, mode: int | None = None) -> None:
    """A reader sees the old file or the new one; on disk before this returns. ``mode``: by default a new file's."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask() if mode is None else mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def left_over(path: Path) -> list[Path]:
    """What a process that was killed while it wrote ``path`` has left next to it."""
    return list(path.parent.glob(f".{path.name}.*.tmp"))


def write(dataset: Any, path: str | Path) -> None:
    """Write netCDF 3 (SciPy's engine); the same dataset gives the same bytes."""
    write_bytes(Path(path), bytes(dataset.to_netcdf(engine="scipy")))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def earlier(path: str | Path | None, attrs: dict[str, Any]) -> Any:
    """The dataset in ``path``, or None where there is no file; ValueError where it is of other settings."""
    import xarray as xr

    if path is None or not Path(path).exists():
        return None
    try:
        found = xr.load_dataset(path, engine="scipy")
    except (OSError, ValueError, TypeError):
        raise InvalidArgument("out", str(path), "a new path, or a netCDF file of the same settings") from None
    for name in ("title", "problem", "settings"):
        if found.attrs.get(name) != attrs[name]:
            raise InvalidArgument(
                "out", str(path), f"a new path, or a file of the same settings (there {name} differs)"
            )
    return found
