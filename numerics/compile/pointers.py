"""Compiled functions as addresses among a kernel's data.

Numba takes a compiled function as an argument, too, but each then costs some 100 us a call from Python, and two
functions of one type cannot be chosen by an index. An address is an integer like any other.
"""

from __future__ import annotations

from typing import Any

import numba
from numba.core import cgutils, types
from numba.extending import intrinsic

from .jit import compiled

#: What an address stands for where nothing is compiled (NUMBA_DISABLE_JIT); also keeps compiled code alive.
_FUNCTIONS: dict[int, Any] = {}


def address_of(function: Any, signature: Any) -> int:
    """Where the compiled code of ``function`` begins; for ``function_at``, in this process only."""
    function = compiled(function, signature)
    if hasattr(function, "overloads"):
        result = function.overloads[signature.args]
        address = int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))
    else:
        address = id(function)
    _FUNCTIONS[address] = function
    return address


def function_at(signature: Any) -> Any:
    """A function, for kernels, from an address to the function of that signature there."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return _FUNCTIONS.__getitem__
    kind = types.FunctionType(signature)

    @intrinsic
    def at(typing_context, address):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            found = cgutils.create_struct_proxy(kind)(context, builder)
            found.jit_addr = builder.inttoptr(arguments[0], found.jit_addr.type)
            found.c_addr = cgutils.get_null_value(found.c_addr.type)
            found.py_addr = cgutils.get_null_value(found.py_addr.type)
            return found._getvalue()

        return kind(types.int64), generate

    return at
