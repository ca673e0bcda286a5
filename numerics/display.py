"""How results show themselves: plain lists for JSON, a table in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(array: np.ndarray) -> Any:
    """Nested lists with None for what is not finite (JSON has no NaN)."""
    found = array.astype(object)
    found[~np.isfinite(array)] = None
    return found.tolist()


def json_ready(value: Any) -> Any:
    """The same in lists and numbers that JSON has: NaN becomes None, an infinite number the string "inf" or "-inf"."""
    if isinstance(value, dict):
        return {key: json_ready(inside) for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(inside) for inside in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return json_ready(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return value


def html_table(caption: str, rows: Mapping[str, Any]) -> str:
    """Names and values, one below the other."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>"
        for k, v in rows.items()
    )
    return f"<table><caption>{html.escape(caption)}</caption>{cells}</table>"
