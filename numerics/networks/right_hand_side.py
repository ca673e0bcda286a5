"""The right-hand side of a committee to third order in w: cumulants of all pairs of neurons, theory's averages."""

from __future__ import annotations

from numba import types

from cumulode.numerics.compile.generated.network import (
    label_bias,
    label_drift,
    label_next,
    pair_bias,
    pair_drift,
    pair_next,
)
from cumulode.numerics.compile.jit import f8, kernel, matrix, vector
from cumulode.numerics.compile.vectors import dot
from cumulode.numerics.contraction.form import contract
from cumulode.numerics.contraction.second import correlate
from cumulode.numerics.flow.right_hand_side import class_t

class_sig = types.void(matrix, matrix, f8, f8, class_t, matrix, matrix, matrix, vector)
next_sig = types.void(matrix, matrix, f8, f8, class_t, matrix, matrix, matrix)
#: Rows of scratch besides two for each neuron.
PAIR_ROWS = 4


@kernel
def pair_fields(u, v, uuu, vvv, law, work):  # type: ignore[no-untyped-def]
    """Leave K(u,u,v) and K(u,v,v) in the first two of the four rows of ``work``; ``uuu``, ``vvv``: K(u,u,u), K(v,v,v).

    From ``f(u + r v)`` and ``f(u - r v)``, ``f(w) = K(w,w,w)``, with r such that the two have one length: their
    difference is ``6 r K(u,u,v) + 2 r^3 f(v)``, their sum ``2 f(u) + 6 r^2 K(u,v,v)``.
    """
    a, b, up, down = work[0], work[1], work[2], work[3]
    length_u, length_v = dot(u, u), dot(v, v)
    a[:] = 0.0
    b[:] = 0.0
    if length_u == 0.0 or length_v == 0.0:
        return
    r = (length_u / length_v) ** 0.5
    for i in range(u.size):
        a[i] = u[i] + r * v[i]
        b[i] = u[i] - r * v[i]
    contract(a, up, law.tables, law.scratch)
    contract(b, down, law.tables, law.scratch)
    for i in range(u.size):
        a[i] = (up[i] - down[i] - 2.0 * r**3 * vvv[i]) / (6.0 * r)
        b[i] = (up[i] + down[i] - 2.0 * uuu[i]) / (6.0 * r * r)


@kernel
def _pair(k, l, w, slopes, weight, own, cw, work, out, bias):  # type: ignore[no-untyped-def]
    """Add ``weight E[sigma'(h_k) sigma(h_l) x]`` to row k of ``out``, and the same without x to ``bias[k]``.

    ``work`` holds K(w_k,w_k,w_l) and K(w_k,w_l,w_l) in its first two rows.
    """
    p, q, kkl, kll = slopes[k], slopes[l], work[0], work[1]
    q_kk, q_kl, q_ll = dot(w[k], cw[k]), dot(w[k], cw[l]), dot(w[l], cw[l])
    a, b, c, d, e, f = pair_drift(q_kk, q_kl, q_ll, p[1], p[2], p[3], p[4], q[0], q[1], q[2], q[3])
    for i in range(w.shape[1]):
        third = c * own[k, i] + d * kkl[i] + e * kll[i] + f * own[l, i]
        out[k, i] += weight * (a * cw[k, i] + b * cw[l, i] + third)
    bias[k] += weight * pair_bias(
        q_kk,
        q_kl,
        q_ll,
        *_fourth(w[k], w[l], own[k], own[l], kkl),
        p[1],
        p[2],
        p[3],
        p[4],
        p[5],
        q[0],
        q[1],
        q[2],
        q[3],
        q[4],
    )


@kernel
def _fourth(w_k, w_l, own_k, own_l, kkl):  # type: ignore[no-untyped-def]
    """K(w_k,w_k,w_k,w_k), K(w_k,w_k,w_k,w_l), ..., K(w_l,w_l,w_l,w_l)."""
    return dot(w_k, own_k), dot(w_l, own_k), dot(w_l, kkl), dot(w_k, own_l), dot(w_l, own_l)


@kernel
def _pair_next(k, l, w, slopes, weight, own, cw, work, out):  # type: ignore[no-untyped-def]
    """As ``_pair`` for the weights, of the fifth order what two cumulants give."""
    p, q, kkl, kll = slopes[k], slopes[l], work[0], work[1]
    second = (dot(w[k], cw[k]), dot(w[k], cw[l]), dot(w[l], cw[l]))
    fourth = _fourth(w[k], w[l], own[k], own[l], kkl)
    of_k, of_l = (p[1], p[2], p[3], p[4], p[5], p[6]), (q[0], q[1], q[2], q[3], q[4], q[5])
    a, b, c, d, e, f = pair_next(*second, *fourth, *of_k, *of_l)
    for i in range(w.shape[1]):
        third = c * own[k, i] + d * kkl[i] + e * kll[i] + f * own[l, i]
        out[k, i] += weight * (a * cw[k, i] + b * cw[l, i] + third)


@kernel
def class_next(w, slopes, y, prior, law, fields, work, out):  # type: ignore[no-untyped-def]
    """Add to ``out`` (K, D) what second and fourth cumulants give of the next order of ``class_drift``.

    ``fields`` as that has left it: C w and K(w,w,w) of every neuron.
    """
    K = w.shape[0]
    cw, own = fields[:K], fields[K:]
    for k in range(K):
        a, c = label_next(dot(w[k], cw[k]), dot(w[k], own[k]), slopes[k, 6])
        for i in range(w.shape[1]):
            out[k, i] += prior * y * (a * cw[k, i] + c * own[k, i])
        work[0] = own[k]
        work[1] = own[k]
        _pair_next(k, k, w, slopes, -prior / K, own, cw, work, out)
        for l in range(k):
            pair_fields(w[k], w[l], own[k], own[l], law, work)
            _pair_next(k, l, w, slopes, -prior / K, own, cw, work, out)
            for i in range(w.shape[1]):
                work[0, i], work[1, i] = work[1, i], work[0, i]
            _pair_next(l, k, w, slopes, -prior / K, own, cw, work, out)


@kernel
def class_drift(w, slopes, y, prior, law, fields, work, out, bias):  # type: ignore[no-untyped-def]
    """Add one class's part of dw/dt (K, D) to ``out`` and of db/dt (K,) to ``bias``.

    ``slopes`` (K, 7): sigma and its derivatives at the biases; ``fields`` (2 K, D) and ``work`` (4, D): scratch.
    """
    K = w.shape[0]
    cw, own = fields[:K], fields[K:]
    for k in range(K):
        correlate(w[k], cw[k], law.taps, law.left, law.pad)
        contract(w[k], own[k], law.tables, law.scratch)
    for k in range(K):
        q_kk, p = dot(w[k], cw[k]), slopes[k]
        a, c = label_drift(q_kk, p[2], p[4])
        for i in range(w.shape[1]):
            out[k, i] += prior * y * (a * cw[k, i] + c * own[k, i])
        bias[k] += prior * y * label_bias(q_kk, dot(w[k], own[k]), p[1], p[3], p[5])
        work[0] = own[k]
        work[1] = own[k]
        _pair(k, k, w, slopes, -prior / K, own, cw, work, out, bias)
        for l in range(k):
            pair_fields(w[k], w[l], own[k], own[l], law, work)
            _pair(k, l, w, slopes, -prior / K, own, cw, work, out, bias)
            for i in range(w.shape[1]):
                work[0, i], work[1, i] = work[1, i], work[0, i]
            _pair(l, k, w, slopes, -prior / K, own, cw, work, out, bias)
