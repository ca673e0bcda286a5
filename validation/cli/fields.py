"""Options made from the fields of a dataclass, so that names, defaults and words stand once: in the object."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import fields
from typing import Any, TypeVar, get_args, get_type_hints

from . import values

T = TypeVar("T")
_MANY: dict[Any, Callable[[str], list[Any]]] = {float: values.numbers, int: values.integers, str: values.words}


def add_fields(group: Any, defaults: Any, many: Container[str] = (), leave_out: Container[str] = ()) -> None:
    """An option for every field of the object ``defaults`` that has words; those named in ``many`` take several values.

    A field ``rtol: float = _option(1e-6, "relative error of a step")`` becomes ``--rtol``.
    """
    hints = get_type_hints(type(defaults))
    for each in fields(defaults):
        if "help" in each.metadata and each.name not in leave_out:
            kind = next((k for k in get_args(hints[each.name]) if k is not type(None)), hints[each.name])
            default = getattr(defaults, each.name)
            group.add_argument(
                f"--{each.name.replace('_', '-')}",
                type=_MANY[kind] if each.name in many else kind,
                default=str(default) if each.name in many else default,  # argparse reads it as it reads what is typed
                help=each.metadata["help"],
            )


def read(kind: type[T], options: Any, **others: Any) -> T:
    """The object that the options describe; ``others`` replace fields. Of several values the first."""
    given = {each.name: getattr(options, each.name) for each in fields(kind) if hasattr(options, each.name)}  # type: ignore[arg-type]
    return kind(**{name: v[0] if isinstance(v, list) else v for name, v in given.items()} | others)
