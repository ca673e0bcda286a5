"""When a field counts as localised: one rule for phase diagrams, networks and claims."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .field_input import field, shape_for
from .metrics import ipr, width

#: A field is localised where IPR x D is above this: what a random vector has. A wave has 1.5, a wave on a constant at
#: most 15/7, Gaussian controls stay below 2.5.
LOCALISED = 3.0
#: So that no random vector passes by chance, its width must be below this share of D (of a torus's side), too; a
#: Gaussian bump of IPR x D = 3 has 0.094 (0.23).
NARROW = {1: 1 / 6, 2: 0.27}
#: Or IPR x D must be above this, where a field is localised at any width.
FAR_ABOVE = 6.0
#: Claims about many fields: the median over a network's units (the extreme over starts) is above this where they
#: localise and below where they do not, between a random field (3) and a field that is localised at any width (6).
MEDIAN_LOCALISED = 4.0


def localised(w: ArrayLike, shape: Any = None) -> np.ndarray:
    """Whether fields are localised: IPR x D > 3 and the width below D/6 (of a torus 0.27 L), or IPR x D > 6.

    Bool array (...), False where a field is zero or not finite. Arguments and errors as of ``metrics.centre``.
    """
    w = field("w", w)
    sides = shape_for(w, shape)
    value = ipr(w) * w.shape[-1]
    with np.errstate(invalid="ignore"):
        narrow = width(w, shape) < NARROW[len(sides)] * sides[0]
        return np.asarray((value > LOCALISED) & (narrow | (value > FAR_ABOVE)))
