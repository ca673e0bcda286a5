"""The error function in JavaScript: Chebyshev polynomials on pieces, from values in high precision."""

from __future__ import annotations

import json

import mpmath

#: Length of a piece, where erf is 1 in double precision, the degree at first, and what coefficients below it are worth.
PIECE, END, DEGREE, NOTHING = 0.5, 6.0, 20, 1e-18

SOURCE = """// The error function by Chebyshev polynomials on pieces of length {piece}.
const ERF_PIECES = {pieces};

function erf(x) {{
  const size = Math.abs(x);
  if (!(size < {end})) return x > 0 ? 1 : x < 0 ? -1 : NaN;
  const at = Math.floor(size / {piece}), c = ERF_PIECES[at], u = 2 * (size / {piece} - at) - 1;
  let last = 0, before = 0;
  for (let k = c.length - 1; k > 0; k--) [last, before] = [2 * u * last - before + c[k], last];
  const value = u * last - before + c[0];
  return x < 0 ? -value : value;
}}
"""


def pieces() -> list[list[float]]:
    """Chebyshev coefficients of erf on each piece of [0, END]."""
    with mpmath.workdps(40):
        return [_piece(mpmath.mpf(PIECE) * i) for i in range(int(END / PIECE))]


def _piece(low: mpmath.mpf) -> list[float]:
    angles = [mpmath.pi * (j + mpmath.mpf(1) / 2) / DEGREE for j in range(DEGREE)]
    values = [mpmath.erf(low + (mpmath.cos(a) + 1) * mpmath.mpf(PIECE) / 2) for a in angles]
    found = [
        mpmath.fsum(v * mpmath.cos(k * a) for v, a in zip(values, angles, strict=True)) * 2 / DEGREE
        for k in range(DEGREE)
    ]
    found[0] /= 2
    while len(found) > 1 and abs(found[-1]) < NOTHING:
        found.pop()
    return [float(c) for c in found]


def source() -> str:
    """The function ``erf`` and its numbers, as JavaScript."""
    return SOURCE.format(piece=PIECE, end=END, pieces=json.dumps(pieces()))
