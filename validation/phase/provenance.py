"""What a file says about how it was made."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .measures import LOCALISED
from .settings import Settings

_PACKAGES = ("numpy", "scipy", "numba", "xarray")


def attributes(settings: Settings, axes: Sequence[str], command: str) -> dict[str, Any]:
    """Attributes of the dataset: plain text and numbers, without times and places, so that equal sweeps are equal."""
    return {
        "title": "cumulode phase diagram",
        "problem": json.dumps(settings.problem.to_dict(), sort_keys=True),
        "axes": ", ".join(axes),
        "settings": settings.to_json(),
        "versions": json.dumps(versions(), sort_keys=True),
        "revision": revision(),
        "command": command,
        "time": settings.time,
        "time_units": "learning rate x steps",
        "localised_threshold": LOCALISED,
        "starts": "seed s: amplitude * numpy.random.default_rng(s).standard_normal(D) / sqrt(D); SGD draws from seed s",
    }


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    from cumulode import __version__

    found = {"cumulode": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


@lru_cache(maxsize=1)
def revision() -> str:
    """Commit of the checkout that the code runs from, "+" where it has changes; "none" outside a checkout."""
    top = Path(__file__).resolve().parents[2]
    if not (top / ".git").exists():
        return "none"
    try:
        ask = ["git", "-c", f"safe.directory={top}", "-C", str(top)]
        commit = subprocess.run([*ask, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True)
        changed = subprocess.run([*ask, "diff", "--quiet", "HEAD"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return "none"
    return commit.stdout.strip() + ("+" if changed.returncode else "")
