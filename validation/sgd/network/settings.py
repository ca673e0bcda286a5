"""What a network is trained with, checked: architecture, biases, readout, labels, loss, start, a user's samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_times
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, choice, real
from cumulode.theory.user_input.arrays import finite_array
from cumulode.validation.sgd.seeds import RunSeeds, check_seeds
from cumulode.validation.sgd.settings import Sgd

from .engine import CROSS_ENTROPY, MSE, NetworkRule

ARCHITECTURES = ("committee", "two-layer")
BIASES = ("balanced", "trained", "equal")
LOSSES = {"mse": MSE, "cross-entropy": CROSS_ENTROPY}
LABELS = ((-1.0, 1.0), (0.0, 1.0))
MOST_HIDDEN = 100_000

Pair = tuple[np.ndarray, np.ndarray]


def biases_of(biases: Any, problem: Problem, hidden: int, name: str = "hidden") -> np.ndarray:
    """The biases (K,) at the start: balanced, the first half is positive; ``name``: the argument that is K."""
    allowed = f"one of {', '.join(BIASES)}, or {hidden} finite numbers, one a hidden unit"
    if not isinstance(biases, str):
        return _units("biases", biases, hidden, allowed)
    if biases not in BIASES:
        raise InvalidArgument("biases", biases, allowed)
    if biases == "equal":
        return np.full(hidden, problem.bias)
    if hidden % 2:
        raise InvalidArgument(name, hidden, f"an even number with biases={biases!r}, half +|bias| and half -|bias|")
    return np.repeat([abs(problem.bias), -abs(problem.bias)], hidden // 2)


def readout_of(readout: Any, architecture: str, hidden: int) -> np.ndarray:
    """The second layer's weights (K,) at the start."""
    if readout is None:
        return np.ones(hidden)
    if architecture == "committee":
        raise InvalidArgument("readout", readout, "None with architecture='committee', whose readouts are 1")
    return _units("readout", readout, hidden, f"None (ones) or {hidden} finite numbers, one a hidden unit")


def _units(name: str, values: Any, hidden: int, allowed: str) -> np.ndarray:
    """Finite numbers (K,)."""
    array = finite_array(name, values, allowed)
    if array.shape != (hidden,):
        raise InvalidArgument(name, Described(f"shape {array.shape}"), allowed)
    return array


def check_labels(labels: Any) -> tuple[float, float]:
    """The targets of minus and plus."""
    allowed = "(-1, 1) or (0, 1): the targets of the classes minus and plus"
    given = tuple(finite_array("labels", labels, allowed).ravel().tolist())
    if given not in LABELS:
        raise InvalidArgument("labels", labels, allowed)
    return given


def make_rule(
    prior: float,
    sgd: Sgd,
    hidden: int,
    architecture: Any,
    biases: Any,
    loss: Any,
    targets: tuple[float, float],
    rates: tuple[object, object] = (1.0, 1.0),
) -> NetworkRule:
    """The learning rule; cross-entropy has targets 0 and 1 whatever the labels; ``rates``: of biases, of readouts."""
    bias_rate, readout_rate = real("bias_rate", rates[0], gt=0), real("readout_rate", rates[1], gt=0)
    kind = LOSSES[choice("loss", loss, LOSSES)]
    low, high = (0.0, 1.0) if kind == CROSS_ENTROPY else targets
    if not (isinstance(biases, str) and biases == "trained"):
        bias_rate = 0.0
    if choice("architecture", architecture, ARCHITECTURES) != "two-layer":
        readout_rate = 0.0
    return NetworkRule(prior, sgd.learning_rate, sgd.batch_size, hidden, kind, high, low, bias_rate, readout_rate)


def check_start(w0: Any, amplitude: object, hidden: int, shape: tuple[int, ...]) -> tuple[np.ndarray | None, float]:
    """``w0`` as rows (K, D), or (n, K, D) with one start a seed, or None; and the amplitude of random rows."""
    size = int(np.prod(shape))
    scale = real("amplitude", amplitude, gt=0)
    if w0 is None:
        return None, scale
    allowed = f"finite numbers of shape ({hidden}, {size}), or (n, {hidden}, {size}) with n seeds"
    array = finite_array("w0", w0, allowed)
    came = array.shape
    if len(shape) == 2 and array.shape[-2:] == shape:
        array = array.reshape(*array.shape[:-2], size)
    if array.ndim not in (2, 3) or array.shape[-2:] != (hidden, size) or array.size == 0:
        raise InvalidArgument("w0", Described(f"shape {came}"), allowed)
    return array, scale


def check_starts(start: np.ndarray | None, seed: Any, seeds: Any) -> RunSeeds:
    """The seeds of the runs; as many as there are starts."""
    starts = None if start is None or start.ndim == 2 else len(start)
    if seeds is None and starts is not None:
        raise InvalidArgument("seeds", None, f"{starts} seeds, one for each start of w0")
    return check_seeds(seed, seeds, starts)


def check_times_or_default(t_eval: Any) -> np.ndarray:
    """The times to record; None is 31 times from 0 to 300."""
    return check_times(np.linspace(0.0, 300.0, 31) if t_eval is None else t_eval)


def plain_options(loss: str, labels: Any, biases: Any, values: np.ndarray, amplitude: float | None) -> dict[str, Any]:
    """What a network of either kind was trained with, for provenance."""
    return {
        "loss": loss,
        "labels": [float(y) for y in labels],
        "biases": biases if isinstance(biases, str) else values.tolist(),
        "amplitude": amplitude,
    }


def check_samples(samples: Any, shape: tuple[int, ...]) -> Pair | None:
    """A user's inputs, ``(plus, minus)``, each (n, D) or (n, L, L), as rows."""
    if samples is None:
        return None
    if not isinstance(samples, (tuple, list)) or len(samples) != 2:
        raise InvalidArgument("samples", samples, "a pair of arrays (plus, minus), a row an input")
    plus, minus = (
        _rows(f"samples of the class {name}", rows, shape)
        for name, rows in zip(("plus", "minus"), samples, strict=True)
    )
    return plus, minus


def _rows(name: str, rows: Any, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    square = f" or (n, {shape[0]}, {shape[1]})" if len(shape) == 2 else ""
    allowed = f"finite numbers of shape (n, {size}){square}, n >= 2, not all equal"
    array = finite_array(name, rows, allowed)
    came = array.shape
    if len(shape) == 2 and array.shape[1:] == shape:
        array = array.reshape(len(array), size)
    if array.ndim != 2 or array.shape[1] != size or len(array) < 2:
        raise InvalidArgument(name, Described(f"shape {came}"), allowed)
    if np.all(array == array.flat[0]):
        raise InvalidArgument(name, Described(f"the constant {array.flat[0]:g}"), allowed)
    return array
