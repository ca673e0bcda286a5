"""Kernels that are called by some threads while others compile them for another signature."""

from __future__ import annotations

import threading

from numba import types

from cumulode.numerics.compile.jit import _Cache, compiled, f8, kernel


@kernel
def _square(x):  # type: ignore[no-untyped-def]
    return x * x


@kernel
def _twice(x, y):  # type: ignore[no-untyped-def]
    return 2.0 * x * y


@kernel
def _apply(f, x):  # type: ignore[no-untyped-def]
    return f(*x)


ONE, TWO = f8(f8), f8(f8, f8)


def test_a_kernel_can_be_called_while_another_signature_is_compiled(monkeypatch, tmp_path):
    """Assert that calls with a function as argument go through, and leave no compilation of their own, while another
    thread adds a signature (held up in the middle until the calls are over, or for a second).
    """
    monkeypatch.setenv("CUMULODE_CACHE", str(tmp_path))
    square, twice = compiled(_square, ONE), compiled(_twice, TWO)
    first = f8(types.FunctionType(ONE), types.UniTuple(types.float64, 1))
    second = f8(types.FunctionType(TWO), types.UniTuple(types.float64, 2))
    apply = compiled(_apply, first)
    begun, over = threading.Event(), threading.Event()
    real = _Cache.save_overload

    def held_up(self, sig, data):
        begun.set()
        over.wait(1.0)
        real(self, sig, data)

    monkeypatch.setattr(_Cache, "save_overload", held_up)
    monkeypatch.setattr(_Cache, "load_overload", lambda self, sig, context: None)
    thread = threading.Thread(target=compiled, args=(_apply, second))
    thread.start()
    assert begun.wait(60.0)
    found, wrong = [], []

    def call() -> None:
        try:
            found.append(apply(square, (3.0,)))
        except RuntimeError as error:
            wrong.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    caller.join(0.5)
    over.set()
    caller.join(60.0)
    thread.join(60.0)
    assert not wrong
    assert found == [9.0]
    assert list(_apply.overloads) == [first.args, second.args]
    assert apply(twice, (3.0, 2.0)) == 12.0
