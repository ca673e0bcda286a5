"""The table of a comparison, a pandas DataFrame: a row a quantity and time, with a verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .quantities import FLOOR
from .verdicts import NOT_JUDGED, VERDICTS

if TYPE_CHECKING:
    from pandas import DataFrame

#: ``verdict`` and what it is of: see :mod:`cumulode.validation.comparison.parts`.
COLUMNS = (
    "quantity",
    "time",
    "theory",
    "population",
    "population_error",
    "langevin",
    "sgd",
    "standard_error",
    "closure_error",
    "closure_half_width",
    "rate_shift",
    "unexplained",
    "unexplained_half_width",
    "closure_verdict",
    "unexplained_verdict",
    "verdict",
    "cause",
    "seeds_needed",
)


def select(table: DataFrame, quantity: str | None = None, time: float | None = None) -> DataFrame:
    """Rows of one quantity, or at the recorded time nearest to ``time``, or both."""
    rows = table if quantity is None else table[table["quantity"] == quantity]
    if time is not None and len(rows):
        rows = rows[rows["time"] == rows["time"].iloc[(rows["time"] - time).abs().argmin()]]
    return rows


def verdict_counts(table: DataFrame) -> dict[str, int]:
    """How many rows have each verdict."""
    return {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}


def judged(table: DataFrame) -> DataFrame:
    """The rows that have a verdict."""
    return table[table["verdict"] != NOT_JUDGED]


def in_short(table: DataFrame) -> DataFrame:
    """The values of each side, and the parts of the difference in per cent of the population's value."""
    truth = table["population"].fillna(table["theory"])
    scale = truth.abs().clip(lower=table["quantity"].map(FLOOR).fillna(0.0)) / 100
    short = table[["quantity", "time", "theory", "population", "sgd", "standard_error"]].copy()
    parts = {
        "closure %": "closure_error",
        "rate %": "rate_shift",
        "rest %": "unexplained",
        "+- %": "unexplained_half_width",
    }
    for name, part in parts.items():
        short[name] = (table[part] / scale).where(scale > 0)
    for name in ("verdict", "cause"):
        short[name] = table[name]
    short["seeds"] = table["seeds_needed"]
    return short


def as_text(table: DataFrame) -> str:
    """The rows, for a terminal."""
    return str(in_short(table).to_string(index=False, float_format="{:.3g}".format, na_rep="-"))


def as_html(table: DataFrame) -> str:
    """The rows, for a notebook."""
    short = in_short(table).rename(columns=lambda name: name.replace("_", " "))
    return str(short.to_html(index=False, border=0, float_format="{:.4g}".format, na_rep=""))


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
