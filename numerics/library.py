"""Compiled closures by activation and name: shipped modules, or written once to the user's cache.

Shipped activations need no SymPy. For any other activation (or a Taylor order beyond the third) the module is
generated from theory, written under a digest of the expression and of the generator, and imported from there.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from cumulode.theory.names import CLOSURES
from cumulode.theory.problem import SHIPPED_ACTIVATIONS

from .jit import cache_directory, compiled, f8
from .rhs import coefficients_sig, potential_sig

_ROOM = Path(__file__).resolve().parent


@dataclass(frozen=True)
class ActivationKernels:
    """Compiled ``force(h, y)``, ``functions(h, y) -> (Phi, F, F')`` and ``sigma(h)`` of one activation."""

    force: Any
    functions: Any
    sigma: Any
    kinks: tuple[float, ...]


@lru_cache(maxsize=32)
def activation_kernels(activation: str) -> ActivationKernels:
    """The force of an activation (canonical name, as ``Problem.activation`` holds it)."""
    module = _module(activation, CLOSURES)
    return ActivationKernels(compiled(module.force, f8(f8, f8)), module.functions, module.sigma, tuple(module.KINKS))


@lru_cache(maxsize=64)
def coefficients_kernel(activation: str, closure: str) -> Any:
    """Compiled ``(k2, k4, y, b, rule) -> (A, B, flag)``."""
    return compiled(getattr(_closure_module(activation, closure), _tag(closure) + "_coefficients"), coefficients_sig)


@lru_cache(maxsize=64)
def potential_kernel(activation: str, closure: str) -> Any | None:
    """Compiled ``Psi(k2, k4, y, b, rule)``, or None where the closure is no gradient flow."""
    function = getattr(_closure_module(activation, closure), _tag(closure) + "_psi", None)
    return None if function is None else compiled(function, potential_sig)


def _tag(closure: str) -> str:
    return closure.replace("-", "_")


def _closure_module(activation: str, closure: str) -> ModuleType:
    return _module(activation, CLOSURES if closure in CLOSURES else (closure,))


@lru_cache(maxsize=64)
def _module(activation: str, closures: tuple[str, ...]) -> ModuleType:
    if activation in SHIPPED_ACTIVATIONS and closures == CLOSURES:
        return importlib.import_module(f"cumulode.numerics.generated.{activation}")
    digest = hashlib.sha256(repr((activation, closures, _generator_stamp())).encode()).hexdigest()[:20]
    name = f"cumulode_generated_{digest}"
    path = cache_directory() / "generated" / f"{name}.py"
    if not path.exists():
        from cumulode.theory.activations import parse

        from .codegen import write_activation

        _write(path, write_activation(parse(activation), closures))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _write(path: Path, text: str) -> None:
    """Write at once or not at all: another process may be writing the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)


@lru_cache(maxsize=1)
def _generator_stamp() -> str:
    """Digest of theory and of the writer: what a generated module depends on."""
    digest = hashlib.sha256()
    for path in sorted([*(_ROOM.parent / "theory").glob("*.py"), _ROOM / "codegen.py", _ROOM / "panel.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
