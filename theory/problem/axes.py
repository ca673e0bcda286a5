"""The axes along which problems are swept: what a name means, its unit, and a problem moved along it.

An axis is a parameter of the laws (of both classes, or of one), of the neuron, or of the ring. What belongs to a run
and not to the problem (closure, learning rate) is listed here as well, so that names and units stand in one place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cumulode.theory.user_input.arguments import InvalidArgument, nearest

from .lattice import as_size
from .laws import Law, with_parameters
from .problem import Problem

CLASSES = ("plus", "minus")


@dataclass(frozen=True)
class Axis:
    """One axis.

    ``parameter``: of the laws of ``classes``, or (without classes) of the problem or run; ``text``: its values are
    words; ``ratios``: steps along it are ratios (gains), so that it is scanned by its logarithm; ``symbol``: in TeX, as
    the field writes it.
    """

    name: str
    long_name: str
    units: str
    parameter: str
    classes: tuple[str, ...] = ()
    text: bool = False
    ratios: bool = False
    symbol: str = ""

    @property
    def attrs(self) -> dict[str, str]:
        """long_name and units, as coordinates and variables carry them."""
        return {"long_name": self.long_name, "units": self.units}

    def overwrites(self, other: Axis) -> bool:
        """Whether a value of this axis replaces that of the other: J and t are one parameter."""
        same = self.parameter == other.parameter or {self.parameter, other.parameter} == {"J", "t"}
        return same and set(other.classes) <= set(self.classes)


def _law_axes() -> list[Axis]:
    """Of both classes where that can be meant, and of each."""
    found = [Axis("gain", "gain", "1", "gain", CLASSES, ratios=True, symbol="g")]
    kinds = {
        "gain": ("gain", "1", "g"),
        "xi": ("correlation length", "sites", r"\xi"),
        "t": ("neighbour correlation t", "1", "t"),
        "J": ("coupling J", "temperature", "J"),
    }
    for parameter, (words, units, symbol) in kinds.items():
        for c, sign in zip(CLASSES, "+-", strict=True):
            name, long_name, ratios = f"{parameter}_{c}", f"{words}, class {c}", parameter == "gain"
            found.append(Axis(name, long_name, units, parameter, (c,), ratios=ratios, symbol=f"{symbol}_{sign}"))
    return found


#: Axes that make another problem.
PROBLEM_AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        *_law_axes(),
        Axis("covariance", "covariance of the Gaussian field", "", "covariance", CLASSES, text=True),
        Axis("bias", "bias", "1", "bias", symbol="b"),
        Axis("prior", "probability of the class plus", "1", "prior", symbol="p_+"),
        Axis("size", "number of sites D, or side L of a torus", "sites", "size"),
        Axis("activation", "activation", "", "activation", text=True),
    )
}
#: Axes that make another run of the same problem.
RUN_AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis("closure", "closure", "", "closure", text=True),
        Axis("start_amplitude", "norm of the start, about", "1", "amplitude", ratios=True, symbol="|w_0|"),
        Axis("learning_rate", "learning rate", "1", "learning_rate", ratios=True, symbol=r"\eta"),
        Axis("batch_size", "batch size", "samples", "batch_size"),
    )
}
AXES = PROBLEM_AXES | RUN_AXES
#: Axes of problems that are numbers and may take any value between two.
CONTINUOUS = tuple(name for name, axis in PROBLEM_AXES.items() if not axis.text and name != "size")


def check_axis(name: object, allowed: Sequence[str] = tuple(AXES), argument: str = "axes") -> Axis:
    """The axis called so; InvalidArgument naming ``argument`` and the axes allowed."""
    if not isinstance(name, str) or name not in allowed:
        raise InvalidArgument(argument, name, "names among " + ", ".join(allowed) + nearest(name, allowed))
    return AXES[name]


def at(problem: Problem, **values: Any) -> Problem:
    """The problem with parameters changed: ``at(problem, gain=2.0, xi_plus=3.0, bias=-0.5)``.

    Parameters
    ----------
    problem : Problem
    values : by the names of ``PROBLEM_AXES``
        ``gain`` and ``covariance`` change both classes. On a torus ``size`` is its side L.

    Raises
    ------
    ValueError
        Naming the axis where a law has no such parameter, or as the laws and ``Problem`` do.
    """
    laws = {name: getattr(problem, name) for name in CLASSES}
    others: dict[str, Any] = {"size": as_size(problem.shape)}
    others |= {name: getattr(problem, name) for name in ("activation", "bias", "prior")}
    for name, value in values.items():
        axis = check_axis(name, tuple(PROBLEM_AXES))
        for c in axis.classes:
            laws[c] = _moved(laws[c], axis, value)
        if not axis.classes:
            torus = axis.name == "size" and len(problem.shape) == 2
            others[axis.parameter] = (value, value) if torus else value
    return Problem(laws["plus"], laws["minus"], **others)


def _moved(law: Law, axis: Axis, value: Any) -> Law:
    """The law with the axis's parameter changed; errors name the axis."""
    try:
        return with_parameters(law, **{axis.parameter: value})
    except TypeError:
        raise InvalidArgument("axes", axis.name, f"parameters of the law {law!r}") from None
    except InvalidArgument as error:
        raise error.about(axis.name if error.name == axis.parameter else error.name) from None


def value_of(problem: Problem, name: str) -> Any:
    """What the problem has on an axis of ``PROBLEM_AXES``; of ``gain`` and ``covariance`` the class plus's.

    ValueError naming ``axes`` where the law has no such parameter.
    """
    axis = check_axis(name, tuple(PROBLEM_AXES))
    if axis.classes:
        law: Any = getattr(problem, axis.classes[0])
        law = getattr(law, "source", law)
        own = law.to_dict()
        if axis.parameter == "J" and "t" in own:
            return math.atanh(law.t)
        if axis.parameter not in own:
            raise InvalidArgument("axes", axis.name, f"parameters of the law {law!r}")
        return own[axis.parameter]
    return problem.shape[0] if axis.name == "size" else getattr(problem, axis.parameter)
