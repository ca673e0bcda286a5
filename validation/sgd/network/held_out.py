"""Loss and accuracy of a network on inputs that it was not trained on, with their standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.validation.sampling.draw import Sampler
from cumulode.validation.sampling.sampler import rows_sampler
from cumulode.validation.sampling.streams import child, stream

from .engine import HiddenLayer, NetworkRule, draw_kernel

#: Share of a user's samples of each class that are kept from training.
KEPT = 0.1
_KEY = 2  # child of the test seed; a run's inputs are child 0 of its own, its random start child 1


@dataclass(frozen=True)
class HeldOut:
    """Inputs (n, D) and their classes (n,), 1 plus and 0 minus."""

    inputs: np.ndarray
    classes: np.ndarray

    def measure(self, theta: np.ndarray, layer: HiddenLayer, activation: str, rule: NetworkRule) -> np.ndarray:
        """Loss, accuracy and the standard error of each, (4,), of the network ``theta``."""
        values = np.empty((len(self.inputs), 2))
        layer.held_out()(theta, layer.sees, self.inputs, self.classes, response_kernel(activation), rule, values)
        with np.errstate(invalid="ignore", over="ignore"):
            error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
            return np.concatenate([values.mean(axis=0), error])


def draw_held_out(
    plus: Sampler, minus: Sampler, prior: float, size: int, n: int, root: np.random.SeedSequence
) -> HeldOut:
    """``n`` fresh inputs, as SGD would draw them, from a stream of their own."""
    inputs, classes = np.empty((n, size)), np.empty(n)
    draw_kernel()(plus, minus, prior, stream(root, (_KEY,)), inputs, classes)
    return HeldOut(inputs, classes)


def split(rows: np.ndarray, root: np.random.SeedSequence) -> tuple[Sampler, Sampler]:
    """A user's samples (n, D) in two, to train on and to test on, at random; one of the latter at least."""
    mixed = rows[np.random.default_rng(child(root, (_KEY + 1,))).permutation(len(rows))]
    kept = max(1, round(KEPT * len(rows)))
    return rows_sampler(mixed[kept:]), rows_sampler(mixed[:kept])
