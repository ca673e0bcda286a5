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


def html_table(caption: str, rows: Mapping[str, Any]) -> str:
    """Names and values, one below the other."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>"
        for k, v in rows.items()
    )
    return f"<table><caption>{html.escape(caption)}</caption>{cells}</table>"
