"""What numbers were made with: versions and the revision of the source."""

from __future__ import annotations

import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cumulode import __version__

_PACKAGES = ("numpy", "scipy", "numba", "xarray")


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
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
        command = ["git", "-c", f"safe.directory={top}", "-C", str(top)]
        commit = subprocess.run([*command, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True)
        changed = subprocess.run([*command, "diff", "--quiet", "HEAD"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return "none"
    return commit.stdout.strip() + ("+" if changed.returncode else "")
