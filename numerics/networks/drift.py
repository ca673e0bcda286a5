"""The drift of a committee as a function of its weights and biases, to third order in the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_problem, check_weights
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.flow.plan import class_forms, cumulant_data, method_name
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.arrays import finite_array
from cumulode.theory.user_input.options import either

from .right_hand_side import PAIR_ROWS, class_drift, class_next, class_sig, next_sig


class NetworkDrift:
    """``f(w, biases) -> dw/dt`` (K, D), and ``f.both(w, biases) -> dw/dt, db/dt``; made by :func:`network_drift`.

    Attributes
    ----------
    method, error : str, float
        How K(w,w,w) is contracted, and the relative Frobenius error of the tensor used.
    problem : Problem
    """

    def __init__(self, problem: Problem, solver: Solver) -> None:
        assert solver.tolerance is not None, "network_drift states its default"
        forms = class_forms(problem, solver.tolerance, solver.contraction)
        self.problem, self.method = problem, method_name(forms)
        self.error = max(form.error for form in forms)
        self._laws = cumulant_data(problem, forms).classes
        self._slopes = activation_kernels(str(problem.activation)).slopes
        self._class_drift = compiled(class_drift, class_sig)
        self._class_next = compiled(class_next, next_sig)

    def __call__(self, w: Any, biases: Any) -> np.ndarray:
        """dw/dt at ``w`` (K, D), finite, and biases (K,) or one number: (K, D)."""
        rows = np.atleast_2d(check_weights("w", w, self.problem.shape))
        return self.both(rows, check_biases(biases, len(rows), self.problem))[0]

    def both(self, w: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """dw/dt (K, D) and db/dt (K,) of a contiguous ``w`` (K, D) and ``biases`` (K,), unchecked."""
        return self._orders(w, biases, np.zeros((0, 0)))

    def next_order(self, w: np.ndarray, biases: np.ndarray) -> float:
        """The next order in w against all that is kept: the largest ratio |fifth| / |drift| of a neuron; unchecked.

        Of the fifth order what second and fourth cumulants give; the sixth cumulant's part is not known. 0 at w = 0.
        """
        beyond = np.zeros(w.shape)
        kept = np.linalg.norm(self._orders(w, biases, beyond)[0], axis=1)
        ratio = np.linalg.norm(beyond, axis=1) / np.maximum(kept, np.finfo(float).tiny)
        return float(ratio.max())

    def _orders(self, w: np.ndarray, biases: np.ndarray, beyond: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``both``; adds the next order to ``beyond`` where that is (K, D)."""
        K, D = w.shape
        slopes = np.array([self._slopes(b) for b in biases])
        out, bias = np.zeros((K, D)), np.zeros(K)
        fields, work = np.zeros((2 * K, D)), np.zeros((PAIR_ROWS, D))
        for law, y, prior in zip(self._laws, self.problem.labels, self.problem.priors, strict=True):
            self._class_drift(w, slopes, y, prior, law, fields, work, out, bias)
            if beyond.size:
                self._class_next(w, slopes, y, prior, law, fields, work, beyond)
        return out, bias

    def __repr__(self) -> str:
        return f"NetworkDrift(method={self.method!r}, error={self.error:.1e}, {self.problem})"


@either(solver=("tolerance",))
def network_drift(problem: Problem, tolerance: float = 1e-3, *, solver: Solver | None = None) -> NetworkDrift:
    """The population drift of a committee ``s(x) = mean_k sigma(w_k.x + b_k)``, to third order in w.

    ``sum_y p_y E_y[(y - s) sigma'(h_k) x]``, exact but for fifth and higher orders in w: eq. (network.3, pair drift).
    For the biases, the same without x to fourth order: eq. (network.4, pair bias).

    Parameters
    ----------
    problem : Problem
        Its ``bias`` is not used.
    tolerance, solver
        See :class:`cumulode.Solver`, of which tolerance (on a torus at least 1e-11) and contraction count.

    Returns
    -------
    NetworkDrift
        A function ``f(w, biases)``. Not for several threads at once.

    Raises
    ------
    InvalidArgument
        Naming ``problem`` or ``tolerance``.
    """
    check_problem(problem)
    return NetworkDrift(problem, choose(solver, FLOW, tolerance=tolerance))


def check_biases(biases: Any, neurons: int, problem: Problem, kinks: bool = False) -> np.ndarray:
    """``biases`` as floats (K,), finite and, but with ``kinks``, off the activation's; InvalidArgument otherwise."""
    allowed = f"a finite number, or {neurons} of them"
    array = finite_array("biases", biases, allowed)
    if array.shape not in ((), (1,), (neurons,)):
        raise InvalidArgument("biases", array.tolist(), allowed)
    array = np.broadcast_to(array, (neurons,)).copy()
    there = activation_kernels(str(problem.activation)).kinks
    if not kinks and np.isin(array, there).any():
        raise InvalidArgument("biases", array.tolist(), f"biases off the kinks of {problem.activation}")
    return array
