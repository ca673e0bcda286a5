"""What a file says about how it was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cumulode.numerics.io.provenance import revision, versions

from .measures import LOCALISED
from .settings import Settings


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
