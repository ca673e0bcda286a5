"""netCDF files of datasets: written whole and with checksums, read with those verified, and refused in one line."""

from __future__ import annotations

import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.printable import printable

from .atomic import write_bytes
from .checksums import Damaged, verify, with_checksums, without_checksums

if TYPE_CHECKING:
    import xarray as xr

#: What reading text or numbers that are damaged, or crafted, may raise.
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    RecursionError,
    MemoryError,
    NotImplementedError,
    SyntaxError,
    zlib.error,
)


class UnverifiedWarning(UserWarning):
    """A file without checksums, as versions up to 0.1.0 and other programs write them: read, not verified."""


def write(dataset: xr.Dataset, path: str | Path, within: Path | None = None) -> None:
    """Write netCDF 3 (SciPy's engine), with checksums; the same dataset gives the same bytes."""
    write_bytes(path, bytes(with_checksums(dataset).to_netcdf(engine="scipy")), within)


def read(path: str | Path, name: str, allowed: str) -> tuple[xr.Dataset, bool]:
    """The dataset in a file, in memory, and whether its checksums were verified (see ``say_unverified``).

    InvalidArgument naming ``name`` where it cannot be read, is in no way ``allowed``, or is not what was written.
    """
    import xarray as xr

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in a damaged file is refused below
            dataset = xr.load_dataset(path, engine="scipy")
        verified = verify(dataset)
    except Damaged as error:
        raise InvalidArgument(name, str(path), f"{allowed}, undamaged ({error})") from None
    except Exception as error:  # whatever xarray and SciPy meet in a damaged file
        raise InvalidArgument(name, str(path), f"{allowed} ({reason(error)})") from None
    return without_checksums(dataset), verified


def say_unverified(path: str | Path, verified: bool) -> None:
    """Warn of a file that is what it should be, but has no checksums."""
    if not verified:
        words = f"{printable(path)} has no checksums (an older version or another program wrote it): not verified"
        warnings.warn(words, UnverifiedWarning, stacklevel=4)


def reason(error: BaseException) -> str:
    """An error met in a file, in a few words."""
    text = printable(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text[:120]}" if text else type(error).__name__


def earlier(path: str | Path | None, attrs: dict[str, Any]) -> xr.Dataset | None:
    """The dataset in ``path``, or None where there is no file; InvalidArgument where it is of other settings."""
    if path is None or not Path(path).exists():
        return None
    there, verified = read(path, "out", "a new path, or a netCDF file of the same settings")
    for name in ("title", "problem", "settings"):
        if there.attrs.get(name) != attrs[name]:
            raise InvalidArgument(
                "out", str(path), f"a new path, or a file of the same settings (there {name} differs)"
            )
    say_unverified(path, verified)
    return there
