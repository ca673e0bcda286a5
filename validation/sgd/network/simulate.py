"""Online SGD of a two-layer network, many seeds at once over threads: ``simulate_network``."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_problem, check_stop
from cumulode.numerics.io.progress import Shown
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import choice, integer
from cumulode.theory.user_input.options import either
from cumulode.validation.sgd.conventions import check_readout, network_units
from cumulode.validation.sgd.old_arguments import old_arguments
from cumulode.validation.sgd.seeds import Seed, Seeds
from cumulode.validation.sgd.settings import Sgd, choose
from cumulode.validation.sgd.training import whole_steps

from . import settings
from .engine import fully_connected
from .jobs import Training
from .result import NetworkRun


@old_arguments
@either(sgd=("learning_rate", "batch_size"))
def simulate_network(
    problem: Problem,
    hidden: int = 8,
    architecture: str = "committee",
    biases: str | ArrayLike = "balanced",
    t_eval: ArrayLike | None = None,
    w0: ArrayLike | None = None,
    amplitude: float = 0.1,
    learning_rate: float = 0.01,
    batch_size: int = 100,
    seed: Seed = 0,
    *,
    seeds: Seeds | None = None,
    sgd: Sgd | None = None,
    readout: ArrayLike | None = None,
    bias_rate: float = 1.0,
    readout_rate: float = 1.0,
    loss: str = "mse",
    labels: tuple[float, float] = (-1, 1),
    samples: tuple[ArrayLike, ArrayLike] | None = None,
    n_test: int = 10_000,
    test_seed: int = 0,
    executor: Any = None,
    progress: Shown = False,
    stop: threading.Event | None = None,
) -> NetworkRun:
    """Train a network of one hidden layer by SGD on fresh samples (theory.md section 1).

    Output ``s(x) = mean_k a_k sigma(h_k)``, ``h_k = w_k.x + b_k``. With the residual ``r = -dL/ds`` a step is, averaged
    over the batch and times the learning rate: ``w_k += r a_k sigma'(h_k) x``, where biases are trained
    ``b_k += r a_k sigma'(h_k)``, where readouts are ``a_k += r sigma(h_k)``: the gradient times K, so that time means
    the same for every K, and all parameters of a step change at once; biases and readouts at ``bias_rate`` and
    ``readout_rate`` times this.

    Parameters
    ----------
    problem : Problem
    hidden : int from 1 to 100 000
        Number K of hidden units; even with balanced or trained biases.
    architecture : {"committee", "two-layer"}
        ``a_k = 1`` for ever, or trained from ``readout``.
    biases : {"balanced", "trained", "equal"} or (K,) array
        Fixed, the first half ``+|problem.bias|`` and the second ``-|problem.bias|``; trained from there; fixed, all
        ``problem.bias``; fixed as given.
    t_eval : (T,) array, optional
        Times at which to record, non-negative and increasing, learning rate x steps, rounded to whole steps; by default
        31 times from 0 to 300.
    w0 : (K, D) array, or (n, K, D) with n seeds, optional
        Weights at time 0 (of a torus also (..., L, L)); by default Gaussian rows of norm about ``amplitude``, from the
        run's seed.
    amplitude : float > 0
    learning_rate, batch_size
        See :class:`cumulode.Sgd`.
    seed, seeds, executor, progress, stop
        As of :func:`cumulode.simulate_sgd`; a run's seed is that of its inputs and of its random start.
    readout : (K,) array, optional
        ``a_k`` at time 0 of a two-layer network, by default ones.
    bias_rate, readout_rate : float > 0
        Rate of biases and readouts, where they are trained, relative to that of the weights.
    loss : {"mse", "cross-entropy"}
        ``L = (y - s)^2 / 2``, ``r = y - s``; or the logit is ``s``, ``p = 1/(1 + e^-s)`` the probability of the class
        plus, ``L = -log`` of the true class's probability, ``r = 1 - p`` for plus and ``-p`` for minus.
    labels : (-1, 1) or (0, 1)
        ``y`` of the classes minus and plus; cross-entropy does not depend on them.
    samples : (plus, minus) arrays (n, D), optional
        A user's inputs (of a torus also (n, L, L)) in place of the problem's laws, drawn with replacement. A tenth of
        each class, taken at random by ``test_seed``, is kept from training and used to test. Not recentred or scaled.
    n_test : int >= 2
        Number of held-out inputs on which loss and accuracy are measured.
    test_seed : int >= 0
        Of the held-out inputs, the same for all runs.
    sgd : Sgd, optional
        Learning rate and batch in place of the two keywords, and the conventions. "ingrosso-goldt": ``t_eval``
        (steps / D), ``w0``, ``amplitude`` (sd of its entries), ``readout`` and the learning rate are in the units of
        the paper's own runs, and so is what is returned (``validation/sgd/conventions.py``, docs/conventions.md):
        inputs over sqrt D, the loss without its 1/2, 1e-3 on the diagonal of the Gaussian covariance. Loss "mse" and
        labels (-1, 1) only.

    Returns
    -------
    NetworkRun
        ``t``, ``w`` (T, K, D), ``bias``, ``readout``, ``ipr``, ``norm``, ``width``, ``centre`` (T, K), ``kurtosis``
        (T, K, 2), ``loss``, ``accuracy`` (T,) with ``loss_error``, ``accuracy_error``; ``seeds`` put an axis n
        in front. A run whose parameters pass 1e70 stops, with NaN from there on and a message naming
        the cause; Ctrl-C returns what exists.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    check_stop(stop)
    sgd = choose(sgd, learning_rate=learning_rate, batch_size=batch_size)
    hidden, targets = integer("hidden", hidden, ge=1, le=settings.MOST_HIDDEN), settings.check_labels(labels)
    choice("architecture", architecture, settings.ARCHITECTURES), choice("loss", loss, settings.LOSSES)
    units = network_units(sgd, problem, hidden, architecture, loss, targets)
    rates = bias_rate, readout_rate
    rule = units.rule(settings.make_rule(problem.prior, sgd, hidden, architecture, biases, loss, targets, rates))
    first = settings.biases_of(biases, problem, hidden)
    second = settings.readout_of(check_readout(readout, units, architecture), architecture, hidden)
    start, scale = settings.check_start(units.weights_to_ours(w0), amplitude, hidden, problem.shape)
    steps = whole_steps(settings.check_times_or_default(units.times_to_ours(t_eval)), rule.learning_rate, units)
    training = Training(
        problem, sgd, rule, fully_connected(problem.shape), start, scale, np.concatenate([first, second]), steps,
        settings.check_starts(start, seed, seeds), units,
    )  # fmt: skip
    options = {
        "hidden": hidden,
        "architecture": architecture,
        **settings.plain_options(loss, labels, biases, first, None if w0 is not None else scale),
    }
    tested = samples, n_test, test_seed
    return units.from_ours(training.run(NetworkRun, "network", tested, options, executor, progress, stop))
