"""What a claim comes to: numbers with errors, each against its criterion, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.io.provenance import revision

from .criteria import digest

#: A criterion is met, or broken, only by more than so many standard errors: of few runs by as many as Student's t has
#: for the same probability (9.2 of 4 runs, 4.5 of 8, 3.6 of 16).
ERRORS = 3.0
HOLDS, FAILS, UNCLEAR = "holds", "does not hold", "inconclusive"


@dataclass(frozen=True)
class Number:
    """A measured number. ``above`` or ``below``: the claim's criterion, one of them (neither: it is only reported).

    ``error`` is a standard error, 0 for a number without chance (deterministic theory, a p-value, an extreme);
    ``errors``, how many of them a criterion must be away to be met or broken.
    """

    what: str
    value: float
    error: float = 0.0
    above: float | None = None
    below: float | None = None
    errors: float = ERRORS

    @property
    def criterion(self) -> str:
        """The criterion in words."""
        if self.above is not None:
            return f"> {self.above:g}"
        return f"< {self.below:g}" if self.below is not None else ""

    @property
    def verdict(self) -> str:
        """``holds`` or ``does not hold`` where the criterion is ``errors`` standard errors away; "" without one."""
        if not self.criterion:
            return ""
        distance = self.value - self.above if self.above is not None else float(self.below or 0.0) - self.value
        if not (math.isfinite(distance) and abs(distance) > self.errors * self.error):
            return UNCLEAR  # also where the error is not known
        return HOLDS if distance > 0 else FAILS

    @property
    def runs_needed(self) -> float:
        """How many times as many runs would decide, if the value stayed: NaN where that is not the question."""
        if self.verdict != UNCLEAR or not self.error > 0:
            return math.nan
        limit = float(self.above if self.above is not None else self.below or 0.0)
        return (self.errors * self.error / (self.value - limit)) ** 2 if self.value != limit else math.inf

    @property
    def judgement(self) -> str:
        """The verdict in words, with what would decide where it is open."""
        needed = self.runs_needed
        return f"{self.verdict} ({needed:.2g} times the runs would decide)" if math.isfinite(needed) else self.verdict

    def shown(self) -> str:
        """The value and its error, to the digits that mean something."""
        if not self.error:
            return f"{self.value:.3g}"
        digits = max(0, 1 - math.floor(math.log10(self.error))) if math.isfinite(self.error) else 3
        return f"{self.value:.{digits}f} +- {self.error:.{digits}f}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON (what is not finite becomes null)."""
        plain = {n: float(v) if math.isfinite(v) else None for n, v in (("value", self.value), ("error", self.error))}
        return {"what": self.what, **plain, "criterion": self.criterion, "verdict": self.judgement}


def over_seeds(what: str, values: ArrayLike, **criterion: float) -> Number:
    """Mean over independent runs (n,), with its standard error (of one run: unknown, so inconclusive)."""
    values = np.asarray(values, dtype=float)
    error = float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan
    return Number(what, float(values.mean()), error, **criterion, errors=errors_of(values.size))


@lru_cache(maxsize=256)
def errors_of(count: int) -> float:
    """Standard errors of a mean of ``count`` runs that stand for ``ERRORS`` of a known one, by Student's t."""
    from scipy.stats import norm, t

    return float(t.isf(norm.sf(ERRORS), count - 1)) if count > 1 else math.inf


@dataclass(frozen=True)
class Finding:
    """A claim, its numbers and its verdict.

    Attributes
    ----------
    number, name, title : int, str, str
    numbers : tuple of Number
    verdict : str
        ``holds`` where every criterion is met by more than three standard errors (of few runs by as many as Student's t
        has for three), ``does not hold`` where one is broken by as much, else ``inconclusive``; ``interrupted`` or
        ``failed`` where there are no numbers.
    message : str
        What the numbers are of, or why there are none and what to do.
    figure : str or None
        File name of the figure.
    command : str
        What makes it again.
    seconds : float
        Wall time of what was computed now; 0 where all was there.
    """

    number: int
    name: str
    title: str
    numbers: tuple[Number, ...] = ()
    message: str = ""
    figure: str | None = None
    command: str = ""
    seconds: float = 0.0
    ended: str = field(default="", repr=False)

    @property
    def verdict(self) -> str:
        """The verdict, from the numbers."""
        if self.ended:
            return self.ended
        verdicts = [number.verdict for number in self.numbers if number.verdict]
        if FAILS in verdicts:
            return FAILS
        return UNCLEAR if UNCLEAR in verdicts or not verdicts else HOLDS

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        plain = {name: getattr(self, name) for name in ("number", "name", "title", "verdict")}
        plain["numbers"] = [number.to_dict() for number in self.numbers]
        plain |= {name: getattr(self, name) for name in ("message", "figure", "command", "seconds")}
        return {**plain, "revision": revision(), "criteria": digest()}
