"""Online SGD of a two-layer network, many seeds at once over threads: ``simulate_network``."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics import preactivation_cumulants
from cumulode.numerics.check_input import check_problem, check_times
from cumulode.numerics.compile import jit
from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.numerics.io.progress import Progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import integer
from cumulode.validation.sampling.streams import seed_sequence
from cumulode.validation.sgd.conventions import OURS, check_readout, network_units
from cumulode.validation.sgd.training import (
    Seed,
    check_batch,
    check_rate,
    is_sequence,
    plain_seed,
    run_all,
    whole_steps,
)

from . import settings
from .engine import Rule, advance_kernel, draw_kernel, held_out_kernel
from .jobs import Job, NetworkOutcome, blank, inputs_of, roots_of, stacked, starts_of, told, trained
from .result import NetworkRun


def _run(job: Job, stop: threading.Event | None = None, progress: Progress | None = None) -> NetworkOutcome:
    """One run, as a thread or process does it."""
    size, response = job.held.inputs.shape[1], response_kernel(job.activation)

    def advance(theta: np.ndarray, count: int, random: np.ndarray) -> int:
        return int(advance_kernel()(theta, size, count, job.plus, job.minus, response, job.rule, random))

    return trained(job, advance, job.rule.batch_size * job.rule.hidden, stop, progress)


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
    readout: ArrayLike | None = None,
    bias_rate: float = 1.0,
    readout_rate: float = 1.0,
    loss: str = "mse",
    labels: tuple[float, float] = (-1, 1),
    samples: tuple[ArrayLike, ArrayLike] | None = None,
    n_test: int = 10_000,
    test_seed: int = 0,
    erf: str = "table",
    conventions: str = OURS,
    executor: Executor | None = None,
    progress: bool = False,
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
    learning_rate : float > 0
    batch_size : int >= 1
        Samples a step.
    seed : int >= 0, SeedSequence, or a sequence of n of them
        Of the inputs and the random start. A sequence: a run each, each equal to the bit to the run with that seed
        alone. Equal seeds give equal bytes, whatever the number of threads.
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
    erf : {"table", "libm"}
        How an NLGP's erf is computed, see :func:`cumulode.simulate_sgd`.
    conventions : {"cumulode", "ingrosso-goldt"}
        "ingrosso-goldt": ``t_eval`` (steps / D), ``w0``, ``amplitude`` (sd of its entries), ``readout`` and
        ``learning_rate`` are in the units of the paper's own runs, and so is what is returned
        (``validation/conventions.py``, docs/conventions.md): inputs over sqrt D, the loss without its 1/2, 1e-3 on the
        diagonal of the Gaussian covariance. Loss "mse" and labels (-1, 1) only.
    executor, progress, stop
        As of :func:`cumulode.simulate_sgd`.

    Returns
    -------
    NetworkRun
        ``t``, ``w`` (T, K, D), ``bias``, ``readout``, ``ipr``, ``norm``, ``width``, ``centre`` (T, K), ``kurtosis``
        (T, K, 2), ``loss``, ``accuracy`` (T,) with ``loss_error``, ``accuracy_error``; a sequence of n seeds puts an
        axis n in front. A run whose parameters become non-finite stops, with NaN from there on and a message naming
        the cause; Ctrl-C returns what exists.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    hidden = settings.check_hidden(hidden)
    labels = settings.check_labels(labels)
    given = network_units(conventions, problem, learning_rate, hidden, architecture, loss, labels)
    learning_rate, t_eval, w0 = given.given(learning_rate, t_eval, w0)
    readout = check_readout(readout, given, architecture)
    rule = settings.make_rule(
        problem, check_rate(learning_rate), check_batch(batch_size), hidden, architecture, biases, loss, labels,
        bias_rate, readout_rate,
    )  # fmt: skip
    rule = rule._replace(readout_rate=given.readout_rate * rule.readout_rate)
    fixed = (settings.biases_of(biases, problem, rule.hidden), settings.readout_of(readout, architecture, rule.hidden))
    start, scale = settings.check_start(w0, amplitude, rule.hidden, problem.shape)
    steps = whole_steps(check_times(np.linspace(0.0, 300.0, 31) if t_eval is None else t_eval), rule.learning_rate)
    roots = roots_of(seed, start)
    rows = settings.check_samples(samples, problem.shape)
    test = (integer("n_test", n_test, ge=2), seed_sequence("test_seed", test_seed))
    began, compiling = time.perf_counter(), jit.compile_seconds
    plus, minus, held = inputs_of(problem, rows, erf, given.diagonal, *test)
    _compile(problem, rows is None)
    jobs = [
        Job(plus, minus, str(problem.activation), rule, np.concatenate([w.ravel(), *fixed]), steps, root, held)
        for root, w in zip(roots, starts_of(roots, start, scale, rule.hidden, problem.size), strict=True)
    ]
    ready = time.perf_counter()
    with Progress(len(jobs) * int(steps[-1]), "network", progress) as shown:
        outcomes = run_all(_run, blank, jobs, executor, shown, stop)
    cost = {"run_seconds": time.perf_counter() - ready, "setup_seconds": ready - began}
    single = not is_sequence(seed)
    run = _gather(problem, rule, steps, outcomes, rows is None, single, given.clock(rule.learning_rate))
    run.provenance.update(
        architecture=architecture,
        loss=loss,
        labels=[float(y) for y in labels],
        biases=biases if isinstance(biases, str) else fixed[0].tolist(),
        n_test=test[0],
        amplitude=None if w0 is not None else scale,
        seed=plain_seed(seed),
        test_seed=plain_seed(test_seed),
        erf=erf,
        **cost,
        compile_seconds=jit.compile_seconds - compiling,
    )
    return given.told(run)


def _compile(problem: Problem, cumulants: bool) -> None:
    """Compile before the threads start; what is recorded needs K: refused before the work, not after."""
    response_kernel(str(problem.activation)), advance_kernel(), held_out_kernel(), draw_kernel()
    if cumulants:
        preactivation_cumulants(problem, np.zeros((1, problem.size)))


def _gather(
    problem: Problem, rule: Rule, steps: np.ndarray, outcomes: list[NetworkOutcome], cumulants: bool, single: bool,
    clock: tuple[float, float],
) -> NetworkRun:  # fmt: skip
    """Stack the runs, with their cumulants and how they ended."""
    K, D = rule.hidden, problem.size
    theta = np.stack([outcome.theta for outcome in outcomes])
    w = np.ascontiguousarray(theta[..., : K * D]).reshape(*theta.shape[:2], K, D)
    parameters = [w, theta[..., K * D : K * D + K], theta[..., K * D + K :]]
    run = NetworkRun(
        **stacked(problem, parameters, w, outcomes, not cumulants, single),
        **told(problem, rule, steps, outcomes, not cumulants, clock),
    )
    run.provenance.update(method="network sgd", hidden=K)
    return run
