"""Checksums of the variables, coordinates and attributes of a dataset, kept among its attributes.

They find damage, not forgery: who changes a file on purpose can compute them, too. They are of what is read (names,
dimensions, numbers, words), not of bytes on disk, so that a copy by another netCDF program is as good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

CHECKSUMS, METHOD = "checksums", "checksum_method"
#: A second attribute, so that the loss of one to a wrong bit is seen by the other.
_METHOD = "SHA-256 of each variable (cumulode.numerics.io.checksums)"
_ATTRIBUTES = "attributes of the file"


class Damaged(ValueError):
    """What is in a file is not what was written; the message says which part."""


def with_checksums(dataset: Any) -> Any:
    """The dataset with the checksums of all it holds among its attributes."""
    bare = without_checksums(dataset)
    return bare.assign_attrs({CHECKSUMS: json.dumps(_checksums(bare)), METHOD: _METHOD})


def without_checksums(dataset: Any) -> Any:
    """The dataset without them."""
    return dataset.drop_attrs(deep=False).assign_attrs(_others(dataset.attrs))


def verify(dataset: Any) -> bool:
    """Whether it has checksums, which are those of what it holds; Damaged where they are not, naming the variables."""
    attrs = dataset.attrs
    if CHECKSUMS not in attrs and METHOD not in attrs:
        return False
    try:
        stated = json.loads(attrs[CHECKSUMS])
        good = attrs[METHOD] == _METHOD and isinstance(stated, dict)
    except (KeyError, ValueError, TypeError, RecursionError):
        good = False
    if not good:
        raise Damaged("its checksums are damaged")
    now = _checksums(dataset)
    wrong = [str(name) for name in {**stated, **now} if stated.get(name) != now.get(name)]
    if wrong:
        raise Damaged(f"not as it was written, by its checksums: {', '.join(wrong[:5])}{', ...' * (len(wrong) > 5)}")
    return True


def _checksums(dataset: Any) -> dict[str, str]:
    sums = {str(name): _of_variable(variable) for name, variable in dataset.variables.items()}
    return sums | {_ATTRIBUTES: _of_attributes(_others(dataset.attrs))}


def _others(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: value for name, value in attrs.items() if name not in (CHECKSUMS, METHOD)}


def _of_variable(variable: Any) -> str:
    digest = hashlib.sha256(repr((list(variable.dims), list(variable.shape))).encode())
    digest.update(_of_attributes(variable.attrs).encode())
    _add(digest, variable.values)
    return digest.hexdigest()


def _of_attributes(attrs: Mapping[Any, Any]) -> str:
    digest = hashlib.sha256()
    for name in sorted(map(str, attrs)):
        value = np.atleast_1d(np.asarray(attrs[name]))
        digest.update(repr((name, list(value.shape))).encode())
        _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, values: np.ndarray) -> None:
    """Numbers as eight bytes each, whichever type a file keeps them in, every NaN alike; words in UTF-8."""
    kind = values.dtype.kind
    if kind == "f":
        numbers = np.ascontiguousarray(values, dtype="<f8")
        missing = np.isnan(numbers)
        digest.update(np.where(missing, np.nan, numbers) if missing.any() else numbers)
    elif kind in "iub":
        digest.update(np.ascontiguousarray(values, dtype="<i8"))
    else:
        words = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values.ravel()]
        digest.update(json.dumps(words).encode())
    digest.update({"f": b"numbers", "i": b"whole", "u": b"whole", "b": b"whole"}.get(kind, b"words"))
