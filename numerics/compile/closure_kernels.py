"""Compiled closures by activation and name: shipped modules, or written once to the user's cache.

Shipped activations need no SymPy. For any other activation (or a Taylor order beyond the third) the module is
generated from theory, written under a digest of the expression and of the generator, and imported from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.metadata
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from cumulode import theory
from cumulode.numerics.io.atomic import write_bytes
from cumulode.theory.closures.names import CLOSURES, tree_weight
from cumulode.theory.problem.problem import SHIPPED_ACTIVATIONS
from cumulode.theory.user_input.budget import OutOfBudget, refused, within_budget

from . import places
from .jit import compiled
from .signatures import (
    coefficients_sig,
    conditional_law_sig,
    force_sig,
    potential_sig,
    response_sig,
    square_sig,
    tree_law_sig,
)

_SIGNATURES = {"tree": tree_law_sig, "conditional": conditional_law_sig}


@dataclass(frozen=True)
class ActivationKernels:
    """Compiled ``force(h, y)``, ``functions(h, y) -> (Phi, F, F')``, ``sigma(h)`` and ``slopes(h)`` of one activation.

    ``slopes``: sigma and its derivatives up to the sixth.

    ``panel``: length in h over which 40 nodes resolve the force.
    """

    force: Any
    functions: Any
    sigma: Any
    slopes: Any
    kinks: tuple[float, ...]
    panel: float


@lru_cache(maxsize=32)
def activation_kernels(activation: str) -> ActivationKernels:
    """The force of an activation (canonical name, as ``Problem.activation`` holds it)."""
    module = _module(activation, CLOSURES)
    force = compiled(module.force, force_sig)
    return ActivationKernels(force, module.functions, module.sigma, module.slopes, tuple(module.KINKS), module.PANEL)


@lru_cache(maxsize=32)
def response_kernel(activation: str) -> Any:
    """Compiled ``h -> (sigma(h), sigma'(h))`` of an activation (canonical name)."""
    return compiled(_module(activation, CLOSURES).response, response_sig)


@lru_cache(maxsize=64)
def coefficients_kernel(activation: str, closure: str) -> Any:
    """Compiled ``(k2, k4, y, b, rule) -> (A, B, flag)``; of ``tree`` and ``conditional`` see ``rhs``."""
    tag = _tag(closure)
    function = getattr(_closure_module(activation, closure), tag + "_coefficients")
    return compiled(function, _SIGNATURES.get(tag, coefficients_sig))


@lru_cache(maxsize=64)
def potential_kernel(activation: str, closure: str) -> Any | None:
    """Compiled ``Psi(k2, k4, y, b, rule)``, or None where there is no potential of k2 and k4 alone."""
    function = getattr(_closure_module(activation, closure), _tag(closure) + "_psi", None)
    return None if function is None else compiled(function, potential_sig)


@lru_cache(maxsize=32)
def square_kernel(activation: str) -> Any:
    """Compiled ``(k2, k4, y, b, rule) -> (g0, g2, g4, g6, flag)``: averages of the squared force."""
    return compiled(_module(activation, CLOSURES).square_coefficients, square_sig)


def _tag(closure: str) -> str:
    return "tree" if tree_weight(closure) is not None else closure.replace("-", "_")


def _closure_module(activation: str, closure: str) -> ModuleType:
    return _module(activation, CLOSURES if closure in CLOSURES or _tag(closure) in CLOSURES else (closure,))


@lru_cache(maxsize=64)
def _module(activation: str, closures: tuple[str, ...]) -> ModuleType:
    if activation in SHIPPED_ACTIVATIONS and closures == CLOSURES:
        return importlib.import_module(f"cumulode.numerics.compile.generated.{activation}")
    digest = hashlib.sha256(repr((activation, closures, _generator_stamp())).encode()).hexdigest()[:20]
    name = f"cumulode_generated_{digest}"
    path = places.generated_directory() / f"{name}.py"
    text = _read(path)
    if text is None:
        text = _written(activation, closures)
        with contextlib.suppress(OSError):  # without a place to write, the module lives in memory
            places.make(path.parent)
            write_bytes(path, (text + _seal(text)).encode(), mode=0o600)
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def _written(activation: str, closures: tuple[str, ...]) -> str:
    """The module's text; a second process writes it: derivatives of a user's formula may grow without end."""
    try:
        task = "cumulode.numerics.compile.codegen:write_apart"
        return str(within_budget(task, activation, closures, seconds=30.0, processor=8.0))
    except OutOfBudget as error:
        raise refused("activation", activation, error) from None


def _seal(text: str) -> str:
    """The last line of a whole file."""
    return f"# {hashlib.sha256(text.encode()).hexdigest()}\n"


def _read(path: Path) -> str | None:
    """The text of a module, or None where there is none, it is not whole, or others could have written it."""
    try:
        whole = (places.read(path) or b"").decode()
    except UnicodeDecodeError:
        return None
    text = "".join(whole.splitlines(keepends=True)[:-1])
    return text if text and whole == text + _seal(text) else None


@lru_cache(maxsize=1)
def _generator_stamp() -> str:
    """Digest of theory, of the writer and of SymPy's version: what a generated module depends on."""
    digest = hashlib.sha256(importlib.metadata.version("sympy").encode())
    for path in _generator_sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _generator_sources() -> list[Path]:
    """The files of theory and of the writer, wherever these packages lie."""
    room, here = (Path(str(package.__file__)).parent for package in (theory, sys.modules[__package__]))
    return [*sorted(room.rglob("*.py")), here / "codegen.py", here / "quadrature.py"]
