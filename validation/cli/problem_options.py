"""Options of the problem: the laws' parameters are the axes of ``cumulode.theory.problem.axes``."""

from __future__ import annotations

import argparse
from typing import Any

from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.problem.axes import CLASSES, PROBLEM_AXES, Axis
from cumulode.theory.problem.covariance import COVARIANCES
from cumulode.theory.problem.lattice import ALLOWED, Size, shape_of
from cumulode.theory.user_input.arguments import InvalidArgument, choice, integer

from . import values

_NLGP = {"plus": {"gain": 3.0, "xi": 4.0}, "minus": {"gain": 3.0, "xi": 1.0}}
#: Name of ``--law`` -> the law, and the parameters of each class where no option gives them.
LAWS: dict[str, tuple[Any, dict[str, dict[str, Any]]]] = {
    "nlgp": (NLGP, _NLGP),
    "ising": (Ising, {"plus": {"t": 0.7}, "minus": {"t": 0.3}}),
    "gp": (NLGP, _NLGP),
}
#: The axes that are parameters of a law, each an option: of one class, or of both.
LAW_AXES = {name: axis for name, axis in PROBLEM_AXES.items() if axis.classes}
_WORDS = {"covariance": ": " + ", ".join(COVARIANCES), "gain": ", in (0, inf]"}


def add_problem(parser: argparse.ArgumentParser, many: bool = False) -> None:
    """Laws of the two classes, size of the ring or torus, neuron; ``many``: an option may name several values."""
    group = parser.add_argument_group("problem")
    number: Any = values.numbers if many else float
    group.add_argument(
        "--law", type=str.lower, default="nlgp", help="nlgp, ising, or gp (Gaussian with the NLGP's covariance)"
    )
    for name, axis in LAW_AXES.items():
        kind: Any = (values.words if many else str) if axis.text else number
        # no default: an option that does not belong to the law is refused, not ignored
        group.add_argument(_option(name), type=kind, default=argparse.SUPPRESS, help=_help(axis))
    group.add_argument(
        "--control", action="store_true", help="replace the inputs by Gaussian ones of the same covariance"
    )
    group.add_argument(
        "--size", metavar="D|LxL", default="40", help="number of sites D of the ring, or LxL such as 20x20 for a torus"
    )
    group.add_argument("--activation", default="erf", help="erf, tanh, relu, softplus, or an expression in h")
    group.add_argument("--bias", type=number, default=-1.0, help="bias b of the neuron")
    group.add_argument("--prior", type=number, default=0.5, help="probability of the class plus")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _help(axis: Axis) -> str:
    """Long name, unit and default of an axis."""
    law = "ising" if axis.parameter in ("t", "J") else "nlgp"
    default = "squared-exponential" if axis.text else LAWS[law][1][axis.classes[0]].get(axis.parameter)
    unit = f" ({axis.units})" if axis.units not in ("", "1") else ""
    shown = "" if default is None or (len(axis.classes) == 1 and axis.parameter == "gain") else f" (default: {default})"
    return ("Ising: " if law == "ising" else "") + axis.long_name + unit + _WORDS.get(axis.name, "") + shown


def problem(options: argparse.Namespace) -> Problem:
    """The problem the options describe; InvalidArgument naming the option."""
    choice("law", options.law, LAWS)
    size = size_of(options.size)
    laws = [_law(options, c, size) for c in CLASSES]
    made = Problem(*laws, size, options.activation, options.bias, options.prior)
    return made.gaussian_control() if options.control else made


def _law(options: argparse.Namespace, of_class: str, size: Size) -> Any:
    """The law of a class, by the options given and the defaults of ``LAWS``."""
    kind, defaults = LAWS[options.law]
    given: dict[str, Any] = {}
    names = {axis.parameter: name for name, axis in LAW_AXES.items() if axis.classes == (of_class,)}
    for name, axis in LAW_AXES.items():
        value = getattr(options, name, None)
        if value is None:
            continue
        if axis.parameter not in kind.__dataclass_fields__:
            own = [n for n, a in LAW_AXES.items() if a.parameter in kind.__dataclass_fields__]
            allowed = f"only with another --law; --law {options.law} takes " + ", ".join(own).replace("_", "-")
            raise InvalidArgument(name, value, allowed)
        if of_class in axis.classes:
            given[axis.parameter], names[axis.parameter] = value, name
    rest = {} if "J" in given else defaults[of_class]
    try:
        law = kind(**rest | given)
        law.check_size(size)
    except InvalidArgument as error:
        raise error.about(names.get(error.name, error.name)) from None
    return GP(law) if options.law == "gp" else law


def size_of(text: str) -> Size:
    """``--size``: D of a ring, or (L, L) where LxL was written; InvalidArgument naming it otherwise."""
    parts = text.lower().split("x")
    allowed = f"{ALLOWED}, written LxL"
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InvalidArgument("size", text, allowed)
    size = tuple(int(part) for part in parts)
    return integer("size", size[0], ge=4, allowed=ALLOWED) if len(size) == 1 else shape_of(size, allowed=allowed)
