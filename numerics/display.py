"""How results show themselves: plain values for JSON, a table in a notebook."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def json_ready(value: Any) -> Any:
    """As JSON has it: lists, dicts and Python's numbers; null for NaN, "inf" and "-inf" for infinities."""
    if isinstance(value, np.ndarray):
        whole = value.dtype.kind == "f" and not np.all(np.isfinite(value))
        return json_ready(value.tolist()) if whole else value.tolist()
    if isinstance(value, dict):
        return {key: json_ready(inside) for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(inside) for inside in value]
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def html_table(caption: str, rows: Mapping[str, Any]) -> str:
    """Names and values, one below the other."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>"
        for k, v in rows.items()
    )
    return f"<table><caption>{html.escape(caption)}</caption>{cells}</table>"
