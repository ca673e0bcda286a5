"""The tree closure's drift as theory writes it: the gradient of its potential, and few operations."""

import numpy as np
import pytest
import sympy as sp

from cumulode.theory.closures import tree_drift
from cumulode.theory.closures.tree_drift import A, B, Q, c6, c6_k2, c6_k4, chi, ratio, ridge, tree_equations


def test_the_drift_is_the_one_of_the_closures_page():
    """pearson's + chi {c6 [6 K(w,w,u) - 8 (k4/k2) T + 2 (k4/k2)^2 C w] + Q [2 dc6/dk2 C w + 4 dc6/dk4 T]}."""
    along_Cw = A + chi * (2 * ratio**2 * c6 + 2 * Q * c6_k2)
    along_T = B + chi * (4 * Q * c6_k4 - 8 * ratio * c6)
    expected = (along_Cw, along_T, 6 * chi * c6, 2 * chi * ratio**2 * ridge * c6)
    assert all(sp.expand(ours - theirs) == 0 for ours, theirs in zip(tree_drift.drift(), expected, strict=True))


@pytest.mark.parametrize("lift", [0.0, 0.3])
def test_the_drift_is_the_numerical_gradient_of_the_potential(lift):
    rng = np.random.default_rng(5)
    root, K = rng.normal(size=(3, 3)), rng.normal(size=(3,) * 4)
    C = root @ root.T + np.eye(3)
    axes = [(a, b, c, d) for a in range(4) for b in range(4) for c in range(4) for d in range(4)]
    K = sum(np.transpose(K, p) for p in axes if len(set(p)) == 4) / 24
    inverse = np.linalg.inv(C + lift * np.eye(3))
    forms, drift, sixth = (
        sp.lambdify(e.arguments, [r.subs(reversed(e.after)).subs(reversed(e.before)) for r in e.results])
        for e in tree_equations()
    )

    def potential(w):
        T = np.einsum("ijkl,j,k,l", K, w, w, w)
        k2, k4 = w @ C @ w, w @ T
        size = forms(k2, k4, w @ w, lift, T @ inverse @ T)[1]
        return 0.3 * k2 + 0.1 * k4 + sixth(size, 0.2 * k2 - 0.05 * k4, 0.7)[0]

    w, step = np.array([0.5, -0.3, 0.8]), 1e-5 * np.eye(3)
    T = np.einsum("ijkl,j,k,l", K, w, w, w)
    k2, k4, u = w @ C @ w, w @ T, inverse @ T
    second, size = forms(k2, k4, w @ w, lift, T @ u)
    along = drift(k4, second, size, 0.6, 0.4, 0.2 * k2 - 0.05 * k4, 0.2, -0.05, 0.7, lift)
    ours = along[0] * C @ w + along[1] * T + along[2] * np.einsum("ijkl,j,k,l", K, w, w, u) + along[3] * w
    np.testing.assert_allclose(ours, [(potential(w + s) - potential(w - s)) / 2e-5 for s in step], rtol=1e-8)
