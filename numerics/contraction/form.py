"""K(w,w,w) of one law on one ring or torus, whatever the method: the choice among them, and one type for all.

Every method is a function of one type with its arrays in ``Tables``, so that a right-hand side is compiled once, and
none compiles the methods it does not use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from cachetools import LRUCache, cached
from numba import types

from cumulode.numerics.compile.jit import i8, kernel, matrix, vector
from cumulode.numerics.compile.pointers import address_of, function_at
from cumulode.theory.problem.laws import GP, NLGP, Cumulants, Ising, Law
from cumulode.theory.user_input.arguments import InvalidArgument

from . import ising_ring, ordered_gap, pair_form, sorted_list
from .ising_ring import contract as ising_contract
from .names import AUTO, ORDERED_GAP, PAIR_FORM, SORTED_LIST, check_contraction
from .ordered_gap import contract as ordered_contract
from .pair_form import contract as pair_contract
from .sorted_list import contract as list_contract

GAUSSIAN = "none (Gaussian)"
#: Bytes of tables kept for the next call.
MEMORY = 10**9


class Tables(NamedTuple):
    """The address of a method, so that nobody compiles those not used; whether K is not zero; the method's arrays."""

    method: int
    nonzero: bool
    positions: np.ndarray = np.empty((0, 0), np.int64)
    taps: np.ndarray = np.empty((0, 0), np.int64)
    line: np.ndarray = np.empty(0)
    plane: np.ndarray = np.empty((0, 0))
    cube: np.ndarray = np.empty((0, 0, 0))
    waves: np.ndarray = np.empty((0, 0, 0))


_integers, _cube = types.int64[:, ::1], types.float64[:, :, ::1]
tables_t = types.NamedTuple((i8, types.boolean, _integers, _integers, vector, matrix, _cube, _cube), Tables)
method_sig = types.void(vector, vector, tables_t, matrix)
_method_at = function_at(method_sig)


@dataclass(frozen=True, eq=False)
class Form:
    """The fourth cumulant of one law on one shape, ready to be contracted.

    ``method``: its name; ``error``: relative Frobenius norm of the error of the whole tensor; ``norm``: the root of the
    sum of ``K_0abc^2`` over a, b, c; ``tables``: first argument of ``contract``; ``scratch()``: its last, one for every
    thread.
    """

    method: str
    error: float
    norm: float
    tables: Tables
    scratch: Callable[[], np.ndarray] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Memory that the tables hold, and some for the rest."""
        return 1024 + sum(x.nbytes for x in self.tables if isinstance(x, np.ndarray))


@cached(LRUCache(MEMORY, getsizeof=lambda form: form.nbytes), lock=Lock())
def fourth_form(law: Law, shape: tuple[int, ...], tolerance: float, contraction: str = AUTO) -> Form:
    """The form of ``law`` whose error is at most ``tolerance / 3``, by the method named or the fastest that can do it.

    Those made last are kept: of a large torus or a long list one holds up to some hundred megabytes.

    Raises
    ------
    InvalidArgument
        Naming ``contraction`` for an unknown name, ``size`` where the method named cannot do it.
    """
    check_contraction(contraction)
    if isinstance(law, GP) or is_gaussian(law):
        return Form(GAUSSIAN, 0.0, 0.0, _tables(_nothing, False), lambda: np.zeros((1, 1)))
    if contraction == AUTO:
        contraction = _fastest(law, shape, tolerance)
    return _MAKERS[contraction](law, shape, tolerance)


def is_gaussian(law: Law) -> bool:
    """Whether a law has no fourth cumulant at all."""
    return isinstance(law, GP) or (isinstance(law, Cumulants) and not np.any(law.fourth))


def _fastest(law: NLGP | Cumulants | Ising, shape: tuple[int, ...], tolerance: float) -> str:
    """The ordered gaps where the ring is long enough for the tolerance; else pairs, which tori need; else the list."""
    if len(shape) == 1 and (isinstance(law, Ising) or ordered_gap.fits(law, shape[0], tolerance)):
        return ORDERED_GAP
    if len(shape) > 1 or pair_form.fits(law, shape, tolerance):
        return PAIR_FORM
    return SORTED_LIST


def _ordered(law: NLGP | Cumulants | Ising, shape: tuple[int, ...], tolerance: float) -> Form:
    _only_rings(shape, ORDERED_GAP)
    size = shape[0]
    if isinstance(law, Ising):  # of rank one, cut in four places: exact in two sweeps
        tables = _tables(_by_sweeps, line=np.array([law.t]))
        return Form(ORDERED_GAP, 0.0, ising_ring.norm(law.t), tables, lambda: ising_ring.scratch(size))
    found = ordered_gap.ordered_gap(law, size, tolerance)
    tables = _tables(_by_gaps, taps=found.taps, line=found.kappa, plane=found.A, cube=found.B)
    return Form(ORDERED_GAP, found.error, found.norm, tables, found.scratch)


def _listed(law: Law, shape: tuple[int, ...], tolerance: float) -> Form:
    _only_rings(shape, SORTED_LIST)
    size = shape[0]
    found = sorted_list.sorted_list(law, size, tolerance)
    tables = _tables(_by_list, positions=found.positions, line=found.coefficients)
    return Form(SORTED_LIST, found.error, found.norm, tables, lambda: np.zeros((4, 2 * size)))


def _paired(law: Law, shape: tuple[int, ...], tolerance: float) -> Form:
    found = pair_form.pair_form(law, shape, tolerance)
    tables = _tables(_by_pairs, positions=found.pairs, cube=found.coupling, waves=found.waves)
    return Form(PAIR_FORM, found.error, found.norm, tables, found.scratch)


def _only_rings(shape: tuple[int, ...], method: str) -> None:
    if len(shape) > 1:
        raise InvalidArgument("contraction", method, f"{PAIR_FORM} or {AUTO} on a torus")


_MAKERS = {ORDERED_GAP: _ordered, PAIR_FORM: _paired, SORTED_LIST: _listed}


def _tables(method: Any, nonzero: bool = True, **used: np.ndarray) -> Tables:
    """The tables of a compiled method; arrays that it does not use are empty."""
    arrays = {name: np.ascontiguousarray(array) for name, array in used.items()}
    return Tables(address_of(method, method_sig), nonzero, **arrays)


@kernel
def contract(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    """Set ``out`` (D,) to K(w,w,w)."""
    method = _method_at(tables.method)
    method(w, out, tables, scratch)


@kernel
def _nothing(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    out[:] = 0.0


@kernel
def _by_gaps(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    ordered_contract(w, out, tables.plane, tables.cube, tables.line, tables.taps, scratch)


@kernel
def _by_sweeps(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    ising_contract(w, out, tables.line[0], scratch)


@kernel
def _by_pairs(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    pair_contract(w, out, tables.positions, tables.cube, tables.waves, scratch)


@kernel
def _by_list(w, out, tables, scratch):  # type: ignore[no-untyped-def]
    size = w.size
    scratch[0, :size] = w
    scratch[0, size:] = w
    list_contract(scratch[0], size, tables.positions, tables.line, scratch[1], scratch[2, :size], scratch[3, :size])
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
