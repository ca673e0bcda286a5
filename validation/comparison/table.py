"""The table of a comparison: a row a quantity and time, with a verdict."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

AGREES, DIFFERS, INCONCLUSIVE = "agrees", "differs", "inconclusive"


@dataclass(frozen=True)
class Row:
    """One quantity at one time.

    ``allowance`` is the O(learning rate) shift granted to SGD, ``z`` is (theory - sgd) in standard errors.
    """

    quantity: str
    time: float
    theory: float
    sgd: float
    standard_error: float
    allowance: float
    z: float
    verdict: str


def judge(theory: float, mean: float, error: float, allowance: float, tolerance: float) -> str:
    """agrees, differs or inconclusive, as :func:`cumulode.compare` defines them; ``tolerance`` is absolute here."""
    if not all(map(math.isfinite, (theory, mean, error, allowance))):
        return INCONCLUSIVE
    if abs(theory - mean) > 3 * error + allowance:
        return DIFFERS
    return AGREES if error <= tolerance else INCONCLUSIVE


class Table:
    """Rows of a comparison; iterates over :class:`Row`, prints as text, shows as HTML in a notebook."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> Row:
        return self.rows[i]

    def select(self, quantity: str | None = None, time: float | None = None) -> Table:
        """Rows of one quantity, or at the recorded time nearest to ``time``, or both."""
        rows = [r for r in self.rows if quantity is None or r.quantity == quantity]
        if time is not None and rows:
            nearest = min({r.time for r in rows}, key=lambda t: abs(t - time))
            rows = [r for r in rows if r.time == nearest]
        return Table(rows)

    def counts(self) -> dict[str, int]:
        """How many rows have each verdict."""
        found = Counter(r.verdict for r in self.rows)
        return {verdict: found[verdict] for verdict in (AGREES, DIFFERS, INCONCLUSIVE)}

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain rows for JSON (what is not finite becomes None)."""
        return [
            {k: v if not isinstance(v, float) or math.isfinite(v) else None for k, v in asdict(r).items()}
            for r in self.rows
        ]

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` with dimensions quantity and time."""
        import numpy as np
        import xarray as xr

        quantities = list(dict.fromkeys(r.quantity for r in self.rows))
        times = sorted({r.time for r in self.rows})
        index = {(r.quantity, r.time): r for r in self.rows}
        names = [f.name for f in fields(Row)][2:]
        data = {
            name: (("quantity", "time"), np.array([[getattr(index[q, t], name) for t in times] for q in quantities]))
            for name in names
        }
        return xr.Dataset(
            data, coords={"quantity": quantities, "time": ("time", times, {"units": "learning rate x steps"})}
        )

    def to_csv(self) -> str:
        """Comma-separated values with a heading."""
        names = [f.name for f in fields(Row)]
        lines = [",".join(str(getattr(r, n)) for n in names) for r in self.rows]
        return "\n".join([",".join(names), *lines, ""])

    def __str__(self) -> str:
        head = f"{'quantity':<16}{'time':>8}{'theory':>11}{'SGD mean':>11}{'std. error':>12}{'allowance':>11}"
        head += f"{'z':>8}  verdict"
        lines = [
            f"{r.quantity:<16}{r.time:>8.4g}{r.theory:>11.4g}{r.sgd:>11.4g}{r.standard_error:>12.2g}{r.allowance:>11.2g}"
            f"{r.z:>8.1f}  {r.verdict}"
            for r in self.rows
        ]
        return "\n".join([head, *lines])

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {v}" for v, n in self.counts().items())
        return f"Table({len(self.rows)} rows: {counts})"

    def _repr_html_(self) -> str:
        names = [f.name for f in fields(Row)]
        head = "".join(f"<th>{n.replace('_', ' ')}</th>" for n in names)
        body = "".join("<tr>" + "".join(f"<td>{_cell(getattr(r, n))}</td>" for n in names) + "</tr>" for r in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))
