"""Arguments of the simulations that have changed; the old ones work for one release, with a warning."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.sampling.erf_table import erf_by, erf_name

from .seeds import is_sequence
from .settings import Sgd

F = TypeVar("F", bound=Callable[..., Any])


def old_arguments(function: F) -> F:
    """Take ``conventions`` into ``sgd``, a sequence given as ``seed`` for ``seeds``, and ``erf``."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        old = {name: kwargs.pop(name) for name in ("conventions", "erf") if name in kwargs}
        try:
            given = signature.bind_partial(*args, **kwargs).arguments
        except TypeError:
            return function(*args, **kwargs)  # says so, with its name
        if not old and not is_sequence(given.get("seed")):
            return function(*args, **kwargs)
        if is_sequence(given.get("seed")):
            _warn(f"{function.__name__}: a sequence of seeds is now given as seeds; seed is one seed")
            if given.get("seeds") is not None:
                raise InvalidArgument("seeds", given["seeds"], "one of seeds and seed")
            given["seeds"] = given.pop("seed")
        if "conventions" in old:
            _warn(f"{function.__name__}: conventions is now sgd=Sgd(conventions=...)")
            if given.get("sgd") is not None:
                raise InvalidArgument("conventions", old["conventions"], "one of conventions and sgd")
            moved = {name: given.pop(name) for name in ("learning_rate", "batch_size") if name in given}
            given["sgd"] = Sgd(**moved, conventions=old["conventions"])
        if "erf" in old:
            _warn(f"{function.__name__}: erf is chosen by the package; the keyword goes with the next release")
        with erf_by(old.get("erf", erf_name.get())):
            return function(**given)

    return wrapper  # type: ignore[return-value]


def _warn(message: str) -> None:
    warnings.warn(message, FutureWarning, stacklevel=3)
