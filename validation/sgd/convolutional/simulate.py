"""Online SGD of a convolutional network, many seeds at once over threads: ``simulate_convolutional``."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_problem, check_stop
from cumulode.numerics.io.progress import Shown
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice, integer
from cumulode.theory.user_input.options import either
from cumulode.validation.sgd.conventions import Units
from cumulode.validation.sgd.network import settings
from cumulode.validation.sgd.network.engine import HiddenLayer
from cumulode.validation.sgd.network.jobs import Training
from cumulode.validation.sgd.network.result import ConvolutionalRun
from cumulode.validation.sgd.old_arguments import old_arguments
from cumulode.validation.sgd.seeds import Seed, Seeds
from cumulode.validation.sgd.settings import OURS, Sgd, choose
from cumulode.validation.sgd.training import whole_steps

from .engine import FilterLattice, advance_kernel, held_out_kernel

READOUTS = {"pooled": "committee", "full": "two-layer"}
MOST_FILTERS = 10_000


@old_arguments
@either(sgd=("learning_rate", "batch_size"))
def simulate_convolutional(
    problem: Problem,
    filters: int = 8,
    filter_size: int | None = None,
    readout: str = "pooled",
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
    loss: str = "mse",
    labels: tuple[float, float] = (-1, 1),
    samples: tuple[ArrayLike, ArrayLike] | None = None,
    n_test: int = 2_000,
    test_seed: int = 0,
    executor: Any = None,
    progress: Shown = False,
    stop: threading.Event | None = None,
) -> ConvolutionalRun:
    """Train one circular convolutional layer by SGD on fresh samples, on the task of ``simulate_network``.

    ``h_fi = sum_j v_fj x_(i+j) + b_f``, output ``s(x) = mean_f mean_i a_fi sigma(h_fi)``. With the residual
    ``r = -dL/ds`` a step is, averaged over the batch and times the learning rate,
    ``v_fj += r mean_i a_fi sigma'(h_fi) x_(i+j)``, where biases are trained ``b_f += r mean_i a_fi sigma'(h_fi)``,
    where readouts are ``a_fi += r sigma(h_fi)``: the gradient times F, of readouts times F D. The mean over positions
    stays in the filters' step: the inputs' law is the same at every position, so that at equal weights and residual
    the mean force on a filter is that on one unit of a committee, and time means the same (theory.md section 1).

    Parameters
    ----------
    problem : Problem
    filters : int from 1 to 10 000
        Number F of filters; even with balanced or trained biases.
    filter_size : int, optional
        Taps P of a filter, 1 to D; on a torus its side, 1 to L, P its square. By default D (L).
    readout : {"pooled", "full"}
        ``a_fi = 1`` for ever, or all F D of them trained from 1.
    biases : {"balanced", "trained", "equal"} or (F,) array
        As of :func:`cumulode.simulate_network`.
    t_eval : (T,) array, optional
        Times at which to record; by default 31 times from 0 to 300.
    w0 : (F, P) array, or (n, F, P) with n seeds, optional
        Filters at time 0 (of a torus also (..., p, p)); by default Gaussian rows of norm about ``amplitude``.
    n_test : int >= 2
        Number of held-out inputs; fewer than of ``simulate_network`` by default, since each costs F D units.
    amplitude, learning_rate, batch_size, seed, seeds, sgd, loss, labels, samples, test_seed, executor, progress, stop
        As of :func:`cumulode.simulate_network`; equal seeds see the same inputs as there;
        conventions "cumulode" only.

    Returns
    -------
    ConvolutionalRun
        A :class:`NetworkRun` with filters for units: ``t``, ``w`` (T, F, P), ``fields`` (T, F, D), ``bias`` (T, F),
        ``readout`` (T, F, D) or pooled (T, F); ``seeds`` put an axis n in front.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    check_stop(stop)
    sgd = choose(sgd, learning_rate=learning_rate, batch_size=batch_size)
    if sgd.conventions != OURS:
        raise InvalidArgument("sgd", sgd, f"conventions={OURS!r}, the only ones of convolutional networks")
    number, taps = integer("filters", filters, ge=1, le=MOST_FILTERS), _taps_of(filter_size, problem.shape)
    architecture = READOUTS[choice("readout", readout, READOUTS)]
    first = settings.biases_of(biases, problem, number, "filters")
    rule = settings.make_rule(problem.prior, sgd, number, architecture, biases, loss, settings.check_labels(labels))
    start, scale = settings.check_start(w0, amplitude, number, taps)
    steps = whole_steps(settings.check_times_or_default(t_eval), rule.learning_rate)
    layer = HiddenLayer(_lattice_of(taps, problem.shape), taps, problem.size, advance_kernel, held_out_kernel)
    training = Training(
        problem, sgd, rule, layer, start, scale, np.concatenate([first, np.ones(number * problem.size)]), steps,
        settings.check_starts(start, seed, seeds), Units(),
    )  # fmt: skip
    options = {
        "filters": number,
        "filter_size": list(taps),
        "readout": readout,
        **settings.plain_options(loss, labels, biases, first, None if w0 is not None else scale),
    }
    tested = samples, n_test, test_seed
    return training.run(ConvolutionalRun, "convolutional network", tested, options, executor, progress, stop)


def _taps_of(filter_size: object, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(P,) of a ring, (p, p) of a torus; None is all of it."""
    side = shape[0]
    if filter_size is None:
        return shape
    allowed = f"None (all) or an integer from 1 to {side}" + (", a filter's side" if len(shape) == 2 else "")
    return (integer("filter_size", filter_size, ge=1, le=side, allowed=allowed),) * len(shape)


def _lattice_of(taps: tuple[int, ...], shape: tuple[int, ...]) -> FilterLattice:
    """A ring as one row."""
    return FilterLattice(1, shape[0], 1, taps[0]) if len(shape) == 1 else FilterLattice(*shape, *taps)
