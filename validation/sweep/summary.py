"""A sweep in a few numbers: what the command prints."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .layers import DONE, PENDING
from .measures import PATTERNS


def summary(dataset: Any) -> dict[str, Any]:
    """Plain values: axes, medians over seeds, classes, critical values, how many runs failed and are not trusted."""
    axes = str(dataset.attrs["axes"]).split(", ")
    status = {name: dataset[name].values for name in ("status", "sgd_status", "critical_status") if name in dataset}
    runs = {name: values for name, values in status.items() if name != "critical_status"}
    numbers: dict[str, Any] = {
        "axes": {name: dataset[name].values.tolist() for name in axes},
        "seeds": dataset["seed"].values.tolist(),
        "runs": sum(values.size for values in runs.values()),
        "failed": sum(int(((v != DONE) & (v != PENDING)).sum()) for v in runs.values()),
        "pending": sum(int((v == PENDING).sum()) for v in status.values()),
        "failures": _failures(dataset, status),
    }
    for prefix in ("", "sgd_"):
        if f"{prefix}pattern" in dataset:
            values = dataset[f"{prefix}pattern"].values
            ended = dataset[f"{prefix}status"].values != PENDING
            numbers[f"{prefix}patterns"] = {name: int((values[ended] == n).sum()) for name, n in PATTERNS.items()}
        if f"{prefix}ipr_times_D" in dataset:
            numbers[f"{prefix}ipr_times_D"] = dataset[f"{prefix}ipr_times_D"].median("seed").values
    if "trusted" in dataset:
        trusted = dataset["trusted"].values[dataset["status"].values != PENDING]
        numbers["trusted"] = {name: int((trusted == n).sum()) for name, n in (("yes", 1), ("no", 0), ("unknown", -1))}
    lines = [name for name in dataset.data_vars if str(name).startswith("critical_") and "axis" in dataset[name].attrs]
    numbers["critical"] = {str(name): _line(dataset, str(name)) for name in lines}
    return numbers


def _line(dataset: Any, name: str) -> dict[str, Any]:
    values, criterion = dataset[name], name.rpartition("_")[2]
    along = {str(d): dataset[d].values.tolist() for d in values.dims if d != "crossing"}
    pending = dataset["critical_status"].values == PENDING
    reasons = [_reason(str(r), criterion) for r in dataset["critical_reason"].values.ravel()]
    why = np.where(pending, "pending", np.array(reasons, object).reshape(pending.shape))
    attrs = values.attrs
    line = {"long_name": attrs["long_name"], "axis": attrs["axis"], **along, "value": values.values, "reason": why}
    apart = f"critical_{attrs['axis']}_distance"
    return line | {"distance": dataset[apart].values} if criterion == "stability" and apart in dataset else line


def _reason(text: str, criterion: str) -> str:
    """The part of ``critical_reason`` that is about one criterion."""
    match = re.search(rf"(?:^|; ){criterion}: (.*?)(?=; (?:linear|stability|population): |$)", text)
    return match[1] if match else ""


def _failures(dataset: Any, status: dict[str, np.ndarray]) -> list[str]:
    """Each reason once, with how many runs it ended."""
    failures = []
    for name, values in status.items():
        failed = (values != DONE) & (values != PENDING)
        if failed.any():
            reasons = [r for r in dataset[name.replace("status", "reason")].values.ravel() if r]
            kinds = list(dict.fromkeys(reasons)) or ["no reason kept"]
            more = f" (and {len(kinds) - 1} other reasons: see the variable)" if len(kinds) > 1 else ""
            layer = {"status": "theory", "sgd_status": "SGD", "critical_status": "critical lines"}[name]
            failures.append(f"{layer}: {int(failed.sum())} of {failed.size} failed; {kinds[0]}{more}")
    return failures


def text(numbers: dict[str, Any]) -> str:
    """``summary`` as lines."""
    lines = []
    for name, values in numbers["axes"].items():
        span = f"{_short(values[0])} to {_short(values[-1])}" if len(values) > 3 else ", ".join(map(_short, values))
        lines.append(f"{name:<14}{len(values):>6} values: {span}")
    lines.append(f"{'seed':<14}{len(numbers['seeds']):>6}")
    for prefix, words in (("", "theory"), ("sgd_", "SGD")):
        if f"{prefix}patterns" in numbers:
            counts = ", ".join(f"{name} {n}" for name, n in numbers[f"{prefix}patterns"].items() if n)
            lines.append(f"{words}: {counts} (runs)")
    if "trusted" in numbers:
        lines.append("closure to be trusted: " + ", ".join(f"{k} {n}" for k, n in numbers["trusted"].items() if n))
    for line in numbers["critical"].values():
        reasons = list(dict.fromkeys(line["reason"].ravel()))
        if np.isnan(line["value"]).all() and len(reasons) == 1:
            lines.append(f"{line['long_name']}: none ({reasons[0]})")
        else:
            lines += [f"{line['long_name']}{_distance(line)}:", *_line_rows(line)]
    return "\n".join(lines)


def _distance(line: dict[str, Any]) -> str:
    """How far the closure's values are from the population's at most, in words."""
    apart = np.abs(line.get("distance", np.nan))
    return f" (up to {100 * np.nanmax(apart):.2g} % from the population's)" if np.isfinite(apart).any() else ""


def _line_rows(line: dict[str, Any]) -> list[str]:
    along = [name for name in line if name not in ("long_name", "axis", "value", "reason", "distance")]
    rows = []
    for index in np.ndindex(line["value"].shape[:-1]):
        known = [f"{value:.6g}" for value in line["value"][index] if np.isfinite(value)]
        where = ", ".join(f"{name} {_short(line[name][i])}" for name, i in zip(along, index, strict=True))
        rows.append(f"  {where or 'here'}: " + (", ".join(known) or f"none ({line['reason'][index]})"))
    return rows


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
