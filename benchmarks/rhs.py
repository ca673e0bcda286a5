"""K(w,w,w) and the whole right-hand side: against einsum, JAX, the sorted list, and their own multiply-adds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cumulode.numerics.compile.jit import compiled, i8, kernel, matrix, types, vector
from cumulode.numerics.contraction import ordered_gap
from cumulode.numerics.contraction.form import contract, fourth_form, tables_t
from cumulode.numerics.cumulants import fourth_at
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.right_hand_side import data_t, rhs_sig
from cumulode.numerics.flow.solver import Solver
from cumulode.theory import NLGP, Problem

from .timing import exponent, peak_multiply_adds, show, side_by_side, table


@kernel
def _repeat(n, w, out, tables, scratch):  # type: ignore[no-untyped-def]
    for _ in range(n):
        contract(w, out, tables, scratch)


@kernel
def _repeat_rhs(n, rhs, w, out, data, law):  # type: ignore[no-untyped-def]
    for _ in range(n):
        rhs(w, out, data, law)


def _ours(
    law: NLGP, size: int, tolerance: float, contraction: str = "auto"
) -> tuple[Callable[[], object], int, object]:
    """A call of the compiled contraction ``n`` times, n, and its form."""
    form = fourth_form(law, (size,), tolerance, contraction)
    w, out = _weights(size), np.empty(size)
    run, scratch = compiled(_repeat, types.void(i8, vector, vector, tables_t, matrix)), form.scratch()
    n = max(1, 20000 // size)
    return lambda: run(n, w, out, form.tables, scratch), n, form


def _weights(size: int) -> np.ndarray:
    return np.random.default_rng(size).standard_normal(size) / math.sqrt(size)


def _dense(law: NLGP, size: int) -> np.ndarray:
    """K_0abc, (D, D, D): distinct values once, since an entry depends on the sorted sites only."""
    a, b, c = np.meshgrid(*[np.arange(size)] * 3, indexing="ij")
    keep = (a <= b) & (b <= c)
    values = np.zeros((size,) * 3)
    sites = np.stack([0 * a[keep], a[keep], b[keep], c[keep]], axis=1)
    values[keep] = fourth_at(law, sites, size, 1e-6)
    order = np.sort(np.stack([a, b, c]), axis=0)
    return np.ascontiguousarray(values[order[0], order[1], order[2]])


def _einsum_forms(K: np.ndarray, w: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """K(w,w,w) from the tensor by NumPy: one einsum, and the matrix products it comes down to."""
    size = w.size
    shifted = w[(np.arange(size)[:, None] + np.arange(size)) % size]  # [i, a] = w_(i+a)
    path = np.einsum_path("abc,ia,ib,ic->i", K, shifted, shifted, shifted, optimize="optimal")[0]
    flat = K.reshape(size, -1)
    return {
        "einsum": lambda: np.einsum("abc,ia,ib,ic->i", K, shifted, shifted, shifted, optimize=path),
        "matmul": lambda: (shifted[:, None] @ ((shifted @ flat).reshape((size,) * 3) @ shifted[..., None]))[:, 0, 0],
    }


def _jax_form(K: np.ndarray, w: np.ndarray) -> Callable[[], object] | None:
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    tensor, size = jnp.asarray(K), w.size
    index = (np.arange(size)[:, None] + np.arange(size)) % size

    @jax.jit
    def form(w):  # type: ignore[no-untyped-def]
        shifted = w[index]
        return jnp.einsum("abc,ia,ib,ic->i", tensor, shifted, shifted, shifted, optimize="optimal")

    weights = jnp.asarray(w)
    return lambda: form(weights).block_until_ready()


def against_others() -> str:
    """One class's K(w,w,w), tolerance 1e-3, gain 3."""
    rows = []
    for size in (40, 100, 1000, 100_000):
        for xi in (1.0, 2.0, 4.0):
            law = NLGP(3.0, xi)
            run, n, form = _ours(law, size, 1e-3)
            candidates: dict[str, Callable[[], object]] = {"ours": run}
            if size <= 100:
                K = _dense(law, size)
                candidates |= _einsum_forms(K, _weights(size))
                jax = _jax_form(K, _weights(size))
                candidates |= {} if jax is None else {"JAX": jax}
            listed = 1
            if (size <= 1000 and xi <= 2) or size <= 100:
                candidates["list"], listed, _ = _ours(law, size, 1e-3, "sorted-list")
            seconds = side_by_side(candidates)
            ours = seconds["ours"].median / n
            others = {k: t.median / (listed if k == "list" else 1) for k, t in seconds.items() if k != "ours"}
            best = min((others[k] for k in ("einsum", "matmul") if k in others), default=None)
            rows.append(
                [size, f"{xi:g}", form.method, f"{form.error:.1e}", show(ours)]
                + [_ratio(x, ours) for x in (best, others.get("JAX"), others.get("list"))]
            )
    note = "einsum at D = 1000 would need a tensor of 8 GB; the list at D = 1000, xi = 4 and at 10^5 minutes of set-up."
    head = ["D", "xi", "method", "error", "K(w,w,w)", "best einsum", "JAX jit", "sorted list"]
    return table(head, rows) + f"\n\nTimes of the others as multiples of ours. {note}"


def _ratio(other: float | None, ours: float) -> str:
    return "-" if other is None else f"{other / ours:,.0f} x" if other > 20 * ours else f"{other / ours:.1f} x"


def multiply_adds(found: ordered_gap.OrderedGap) -> tuple[int, int]:
    """Multiply-adds a site of the ordered gaps as the kernel does them, by fours of taps, and of taps not zero.

    Per term: A for L and R and once more behind them, B on both sides, 6 products; K_000d and 7 products besides.
    """
    rank, taps = len(found.A), found.taps
    products = 6 * rank + 7
    done = 4 * int(taps[:, rank].sum()) + 2 * int(taps[:, :rank].sum()) + 4 * len(found.kappa)
    needed = 4 * np.count_nonzero(found.A) + 2 * np.count_nonzero(found.B) + 4 * np.count_nonzero(found.kappa)
    return done + products, int(needed) + products


def against_peak() -> str:
    """Ours against the time its multiply-adds would take at the fastest rate BLAS reaches in the same run."""
    peak = peak_multiply_adds()
    rows = []
    for size in (100, 1000):
        for xi in (1.0, 2.0, 4.0, 10.0):
            found = ordered_gap.ordered_gap(NLGP(3.0, xi), size, 1e-3)
            run, n, _ = _ours(NLGP(3.0, xi), size, 1e-3)
            ours = side_by_side({"ours": run}, repetitions=15)["ours"].median / n
            done, needed = multiply_adds(found)
            ratios = [f"{ours * peak / (count * size):.1f} x" for count in (done, needed)]
            rows.append([size, f"{xi:g}", len(found.A), done, needed, show(ours), *ratios])
    head = ["D", "xi", "rank", "multiply-adds a site", "of taps not zero", "K(w,w,w)", "over all at peak", "over those"]
    return table(head, rows) + f"\n\nPeak: {peak / 1e9:.1f} 10^9 multiply-adds a second (BLAS, one thread)."


def in_size() -> str:
    """Cost of one call over the size of the ring."""
    rows = []
    sizes = [1000, 10_000, 100_000, 1_000_000]
    for xi in (1.0, 2.0, 4.0):
        seconds = []
        for size in sizes:
            run, n, _ = _ours(NLGP(3.0, xi), size, 1e-3)
            seconds.append(side_by_side({"ours": run})["ours"].median / n)
        rows.append([f"{xi:g}", *map(show, seconds), f"{exponent(sizes, seconds):.2f}"])
    return table(["xi", *(f"D = {s:,}" for s in sizes), "exponent"], rows)


def whole() -> str:
    """The right-hand side of two classes with its closure, xi 4/1, gain 3."""
    rows = []
    for size in (40, 100, 1000):
        problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), size)
        for closure in ("taylor", "gaussian", "edgeworth", "bimodal", "pearson", "regression"):
            plan = make_plan(problem, Solver(closure, tolerance=1e-3))
            data, w, out = plan.data(), 0.5 * _bump(size), np.empty(size)
            run = compiled(
                _repeat_rhs, types.void(i8, types.FunctionType(rhs_sig), vector, vector, data_t, plan.law_type)
            )
            n = max(1, 20000 // size)
            seconds = side_by_side({"ours": lambda: run(n, plan.rhs, w, out, data, plan.law)})["ours"].median / n  # noqa: B023
            rows.append([size, closure, show(seconds)])
    return table(["D", "closure", "right-hand side"], rows)


def _bump(size: int) -> np.ndarray:
    return np.exp(-((np.arange(size) - size / 2) ** 2) / 8.0)
