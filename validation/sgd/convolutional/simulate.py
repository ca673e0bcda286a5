"""Online SGD of a convolutional network, many seeds at once over threads: ``simulate_convolutional``."""

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
from cumulode.validation.sgd.network import settings
from cumulode.validation.sgd.network.engine import Rule, draw_kernel
from cumulode.validation.sgd.network.jobs import (
    Job,
    NetworkOutcome,
    blank,
    inputs_of,
    roots_of,
    stacked,
    starts_of,
    told,
    trained,
)
from cumulode.validation.sgd.training import (
    Seed,
    check_batch,
    check_rate,
    is_sequence,
    plain_seed,
    run_all,
    whole_steps,
)

from .engine import ConvolutionalHeldOut, advance_kernel, held_out_kernel
from .result import ConvolutionalRun, embed
from .settings import architecture_of, biases_of, check_filters, lattice_of, taps_of


def _run(job: Job, stop: threading.Event | None = None, progress: Progress | None = None) -> NetworkOutcome:
    """One run, as a thread or process does it."""
    assert isinstance(job.held, ConvolutionalHeldOut)
    lattice, response = job.held.lattice, response_kernel(job.activation)

    def advance(theta: np.ndarray, count: int, random: np.ndarray) -> int:
        return int(advance_kernel()(theta, lattice, count, job.plus, job.minus, response, job.rule, random))

    return trained(job, advance, job.rule.batch_size * job.rule.hidden * job.held.inputs.shape[1], stop, progress)


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
    loss: str = "mse",
    labels: tuple[float, float] = (-1, 1),
    samples: tuple[ArrayLike, ArrayLike] | None = None,
    n_test: int = 2_000,
    test_seed: int = 0,
    erf: str = "table",
    executor: Executor | None = None,
    progress: bool = False,
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
    amplitude, learning_rate, batch_size, seed, loss, labels, samples, test_seed, erf, executor, progress, stop
        As of :func:`cumulode.simulate_network`; equal seeds see the same inputs as there.

    Returns
    -------
    ConvolutionalRun
        A :class:`NetworkRun` with filters for units: ``t``, ``w`` (T, F, P), ``fields`` (T, F, D), ``bias`` (T, F),
        ``readout`` (T, F, D) or pooled (T, F); a sequence of n seeds puts an axis n in front.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    rate, batch, number = check_rate(learning_rate), check_batch(batch_size), check_filters(filters)
    architecture, taps = architecture_of(readout), taps_of(filter_size, problem.shape)
    fixed = biases_of(biases, problem, number)
    rule = settings.make_rule(problem, rate, batch, number, architecture, biases, loss, labels)
    start, scale = settings.check_start(w0, amplitude, number, taps)
    steps = whole_steps(check_times(np.linspace(0.0, 300.0, 31) if t_eval is None else t_eval), rate)
    roots = roots_of(seed, start)
    rows = settings.check_samples(samples, problem.shape)
    test = (integer("n_test", n_test, ge=2), seed_sequence("test_seed", test_seed))
    began, compiling = time.perf_counter(), jit.compile_seconds
    plus, minus, drawn = inputs_of(problem, rows, erf, 0.0, *test)
    held = ConvolutionalHeldOut(drawn.inputs, drawn.classes, lattice_of(taps, problem.shape))
    _compile(problem, rows is None)
    rest = np.concatenate([fixed, np.ones(number * problem.size)])
    jobs = [
        Job(plus, minus, str(problem.activation), rule, np.concatenate([w.ravel(), rest]), steps, root, held)
        for root, w in zip(roots, starts_of(roots, start, scale, number, int(np.prod(taps))), strict=True)
    ]
    ready = time.perf_counter()
    with Progress(len(jobs) * int(steps[-1]), "convolutional network", progress) as shown:
        outcomes = run_all(_run, blank, jobs, executor, shown, stop)
    cost = {"run_seconds": time.perf_counter() - ready, "setup_seconds": ready - began}
    run = _gather(problem, rule, steps, outcomes, rows is None, not is_sequence(seed), taps)
    run.provenance.update(
        readout=readout,
        loss=loss,
        labels=[float(y) for y in labels],
        biases=biases if isinstance(biases, str) else fixed.tolist(),
        n_test=test[0],
        amplitude=None if w0 is not None else scale,
        seed=plain_seed(seed),
        test_seed=plain_seed(test_seed),
        erf=erf,
        **cost,
        compile_seconds=jit.compile_seconds - compiling,
    )
    return run


def _compile(problem: Problem, cumulants: bool) -> None:
    """Compile before the threads start; what is recorded needs K: refused before the work, not after."""
    response_kernel(str(problem.activation)), advance_kernel(), held_out_kernel(), draw_kernel()
    if cumulants:
        preactivation_cumulants(problem, np.zeros((1, problem.size)))


def _split(theta: np.ndarray, rule: Rule, taps: int) -> list[np.ndarray]:
    """Filters (..., F, P), biases (..., F), readouts (..., F, D), or (..., F) where they are not trained."""
    F = rule.hidden
    lead = theta.shape[:-1]
    w = np.ascontiguousarray(theta[..., : F * taps]).reshape(*lead, F, taps)
    readout = theta[..., F * taps + F :].reshape(*lead, F, -1)
    return [w, theta[..., F * taps : F * taps + F], readout if rule.readout_rate > 0 else readout[..., 0]]


def _gather(
    problem: Problem,
    rule: Rule,
    steps: np.ndarray,
    outcomes: list[NetworkOutcome],
    cumulants: bool,
    single: bool,
    taps: tuple[int, ...],
) -> ConvolutionalRun:
    """Stack the runs, with their cumulants and how they ended."""
    parameters = _split(np.stack([outcome.theta for outcome in outcomes]), rule, int(np.prod(taps)))
    fields = embed(parameters[0], taps, problem.shape)
    run = ConvolutionalRun(
        **stacked(problem, parameters, fields, outcomes, not cumulants, single),
        **told(problem, rule, steps, outcomes, not cumulants),
    )
    run.provenance.update(method="convolutional network sgd", filters=rule.hidden, filter_size=list(taps))
    return run
