"""K(w,w,w) of one law on one ring or torus, whatever the method: the choice among them, and one type for all.

Every method comes as a function of one type with its arrays in one tuple type, so that a right-hand side is compiled
once, and none compiles the methods it does not use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import i8, kernel, matrix, vector
from cumulode.numerics.compile.pointers import address_of, function_at
from cumulode.numerics.compile.remembered import Remembered
from cumulode.theory.problem.laws import GP, NLGP, Cumulants, Ising, Law
from cumulode.theory.user_input.arguments import InvalidArgument, choice

from . import ising_ring, ordered_gap, pair_form, sorted_list
from .ising_ring import contract as ising_contract
from .ordered_gap import contract as ordered_contract
from .pair_form import contract as pair_contract
from .sorted_list import contract as list_contract

AUTO = "auto"
#: What a user may ask for.
METHODS = (AUTO, ordered_gap.METHOD, pair_form.METHOD, sorted_list.METHOD)
GAUSSIAN = "none (Gaussian)"
#: Bytes of tables kept for the next call.
MEMORY = 10**9

cube = types.float64[:, :, ::1]
#: Whether there is anything; integers twice; numbers four times. Unused ones are empty.
arrays_t = types.Tuple((types.boolean, types.int64[:, ::1], types.int64[:, ::1], vector, matrix, cube, cube))
method_sig = types.void(vector, vector, arrays_t, matrix)
_method_at = function_at(method_sig)
#: The address of a method, so that nobody compiles those not used; and its arrays.
tables_t = types.Tuple((i8, arrays_t))


@dataclass(frozen=True, eq=False)
class Form:
    """The fourth cumulant of one law on one shape, ready to be contracted.

    ``method``: its name; ``error``: relative Frobenius norm of the error of the whole tensor; ``tables``: first
    argument of ``contract``; ``scratch()``: its last, one for every thread.
    """

    method: str
    error: float
    tables: tuple[int, tuple[Any, ...]]
    scratch: Callable[[], np.ndarray] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Memory that the tables hold, and some for the rest."""
        return 1024 + sum(x.nbytes for x in self.tables[1] if isinstance(x, np.ndarray))


def fourth_form(law: Law, shape: tuple[int, ...], tolerance: float, contraction: str = AUTO) -> Form:
    """The form of ``law`` whose error is at most ``tolerance / 3``, by the method asked for or the fastest that holds.

    Raises
    ------
    ValueError
        Naming ``contraction`` for an unknown name, ``size`` where a method asked for by name cannot do it.
    """
    return forms(law, shape, tolerance, check_contraction(contraction))


def check_contraction(contraction: object) -> str:
    """Return ``contraction`` if it is the name of a method."""
    return choice("contraction", contraction, METHODS)


def _form(law: Law, shape: tuple[int, ...], tolerance: float, contraction: str) -> Form:
    if isinstance(law, GP) or is_gaussian(law):
        return Form(GAUSSIAN, 0.0, _tables(_nothing, False), lambda: np.zeros((1, 1)))
    if contraction == AUTO:
        contraction = _fastest(law, shape, tolerance)
    return _MAKERS[contraction](law, shape, tolerance)


def is_gaussian(law: Law) -> bool:
    """Whether a law has no fourth cumulant at all."""
    return isinstance(law, GP) or (isinstance(law, Cumulants) and not np.any(law.fourth))


#: Those made last; of a large torus or a long list one holds up to some hundred megabytes.
forms = Remembered(_form, MEMORY, lambda form: form.nbytes)


def _fastest(law: NLGP | Cumulants | Ising, shape: tuple[int, ...], tolerance: float) -> str:
    """The ordered gaps where the ring is long enough for the tolerance; else pairs, which tori need; else the list."""
    if len(shape) == 1 and (isinstance(law, Ising) or ordered_gap.fits(law, shape[0], tolerance)):
        return ordered_gap.METHOD
    if len(shape) > 1 or pair_form.fits(law, shape, tolerance):
        return pair_form.METHOD
    return sorted_list.METHOD


def _ordered(law: NLGP | Cumulants | Ising, shape: tuple[int, ...], tolerance: float) -> Form:
    _only_rings(shape, ordered_gap.METHOD)
    size = shape[0]
    if isinstance(law, Ising):  # of rank one, cut in four places: exact in two sweeps
        tables = _tables(_by_sweeps, plane=np.array([[law.t]]))
        return Form(ordered_gap.METHOD, 0.0, tables, lambda: ising_ring.scratch(size))
    found = ordered_gap.ordered_gap(law, size, tolerance)
    tables = _tables(_by_gaps, taps=found.taps, line=found.kappa, plane=found.A, cube=found.B)
    return Form(ordered_gap.METHOD, found.error, tables, found.scratch)


def _listed(law: Law, shape: tuple[int, ...], tolerance: float) -> Form:
    _only_rings(shape, sorted_list.METHOD)
    size = shape[0]
    found = sorted_list.sorted_list(law, size, tolerance)
    tables = _tables(_by_list, positions=found.positions, line=found.coefficients)
    return Form(sorted_list.METHOD, found.error, tables, lambda: np.zeros((4, 2 * size)))


def _paired(law: Law, shape: tuple[int, ...], tolerance: float) -> Form:
    found = pair_form.pair_form(law, shape, tolerance)
    tables = _tables(_by_pairs, positions=found.pairs, cube=found.coupling, waves=found.waves)
    return Form(pair_form.METHOD, found.error, tables, found.scratch)


def _only_rings(shape: tuple[int, ...], method: str) -> None:
    if len(shape) > 1:
        raise InvalidArgument("contraction", method, f"{pair_form.METHOD} or {AUTO} on a torus")


_MAKERS = {ordered_gap.METHOD: _ordered, pair_form.METHOD: _paired, sorted_list.METHOD: _listed}


def _tables(method: Any, anything: bool = True, **used: np.ndarray) -> tuple[int, tuple[Any, ...]]:
    """The tuple of type ``tables_t``."""
    empty = {
        "positions": np.empty((0, 0), np.int64),
        "taps": np.empty((0, 0), np.int64),
        "line": np.empty(0),
        "plane": np.empty((0, 0)),
        "cube": np.empty((0, 0, 0)),
        "waves": np.empty((0, 0, 0)),
    }
    arrays = (np.ascontiguousarray(used.get(name, array)) for name, array in empty.items())
    return address_of(method, method_sig), (anything, *arrays)


@kernel
def contract(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    """Set ``out`` (D,) to K(w,w,w)."""
    method = _method_at(tables[0])
    method(w, out, tables[1], scratch)


@kernel
def _nothing(w, out, arrays, scratch):  # type: ignore[no-untyped-def]
    out[:] = 0.0


@kernel
def _by_gaps(w, out, arrays, scratch):  # type: ignore[no-untyped-def]
    _, _, taps, line, plane, cube, _ = arrays
    ordered_contract(w, out, plane, cube, line, taps, scratch)


@kernel
def _by_sweeps(w, out, arrays, scratch):  # type: ignore[no-untyped-def]
    ising_contract(w, out, arrays[4][0, 0], scratch)


@kernel
def _by_pairs(w, out, arrays, scratch):  # type: ignore[no-untyped-def]
    _, positions, _, _, _, cube, waves = arrays
    pair_contract(w, out, positions, cube, waves, scratch)


@kernel
def _by_list(w, out, arrays, scratch):  # type: ignore[no-untyped-def]
    _, positions, _, line, _, _, _ = arrays
    size = w.size
    scratch[0, :size] = w
    scratch[0, size:] = w
    list_contract(scratch[0], size, positions, line, scratch[1], scratch[2, :size], scratch[3, :size])
    out[:] = scratch[1, :size]


@kernel
def contract_polarised(w, u, out, tables, scratch, work):  # type: ignore[no-untyped-def]
    """Set ``out`` (D,) to K(w,w,u) by ``6 K(w,w,u) = f(w+u) - f(w-u) - 2 f(u)``, ``f(w) = K(w,w,w)``.

    ``u`` is first scaled to the length of ``w``, so that nothing is lost to cancellation but a digit. ``work`` (2, D).
    """
    ratio = 0.0
    length = 0.0
    for i in range(w.size):
        ratio += w[i] * w[i]
        length += u[i] * u[i]
    out[:] = 0.0
    if ratio == 0.0 or length == 0.0:
        return
    ratio = (ratio / length) ** 0.5
    moved, form = work[0], work[1]
    for sign, weight in ((1.0, 1.0), (-1.0, -1.0), (0.0, -2.0)):
        for i in range(w.size):
            moved[i] = w[i] + sign * ratio * u[i] if sign != 0.0 else ratio * u[i]
        contract(moved, form, tables, scratch)
        for i in range(w.size):
            out[i] += weight * form[i] / (6.0 * ratio)


contract_sig = types.void(vector, vector, tables_t, matrix)
polarised_sig = types.void(vector, vector, vector, tables_t, matrix, matrix)
