"""The table of a comparison, a pandas DataFrame: a row a quantity and time, with a verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

AGREES, DIFFERS, INCONCLUSIVE, DECAYED = VERDICTS = "agrees", "differs", "inconclusive", "decayed"
#: ``allowance`` is the O(learning rate) shift granted to SGD, ``z`` is (theory - sgd) in standard errors.
COLUMNS = ("quantity", "time", "theory", "sgd", "standard_error", "allowance", "z", "verdict")


def judge(theory: float, mean: float, error: float, allowance: float, margin: float) -> str:
    """agrees, differs or inconclusive, as :func:`cumulode.compare` defines them; ``margin`` is absolute here."""
    if not all(map(math.isfinite, (theory, mean, error, allowance))):
        return INCONCLUSIVE
    if abs(theory - mean) > 3 * error + allowance:
        return DIFFERS
    return AGREES if error <= margin else INCONCLUSIVE


def select(table: DataFrame, quantity: str | None = None, time: float | None = None) -> DataFrame:
    """Rows of one quantity, or at the recorded time nearest to ``time``, or both."""
    rows = table if quantity is None else table[table["quantity"] == quantity]
    if time is not None and len(rows):
        rows = rows[rows["time"] == rows["time"].iloc[(rows["time"] - time).abs().argmin()]]
    return rows


def verdict_counts(table: DataFrame) -> dict[str, int]:
    """How many rows have each verdict."""
    return {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}


def as_text(table: DataFrame) -> str:
    """The rows, for a terminal."""
    return str(table.to_string(index=False, float_format="{:.4g}".format))


def as_html(table: DataFrame) -> str:
    """The rows, for a notebook."""
    shown = table.rename(columns=lambda name: name.replace("_", " "))
    return str(shown.to_html(index=False, border=0, float_format="{:.4g}".format))


def plain_rows(table: DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON (what is not finite becomes None)."""
    return [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def to_xarray(table: DataFrame) -> Any:
    """An ``xarray.Dataset`` with dimensions quantity and time."""
    quantities = list(dict.fromkeys(table["quantity"]))
    dataset = table.set_index(["quantity", "time"]).to_xarray().sel(quantity=quantities)
    dataset["time"].attrs["units"] = "learning rate x steps"
    return dataset
