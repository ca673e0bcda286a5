"""The networks of the claims: trained two seeds at a time, so that little is lost when a run is stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.numerics.status import Status
from cumulode.theory import NLGP, Problem

from .parts import Arrays, Failed, Interrupted, Part

HIDDEN = 8
TIME = 300.0
#: Fresh inputs of each kind for the losses of ``own`` and ``gaussian``.
TESTS = 20_000
TOGETHER = 2
KEPT = ("w", "bias", "readout", "k2", "k4", "loss", "loss_error", "accuracy", "accuracy_error")


def nlgp(size: int | tuple[int, int], **changes: Any) -> Problem:
    """The claims' inputs: NLGP of gain 3, correlation lengths 4 and 1, biases -1 and +1."""
    given = {"activation": "erf", "bias": -1.0, **changes}
    xi, gain = given.pop("xi", 4.0), given.pop("gain", 3.0)
    return Problem(plus=NLGP(gain=gain, xi=xi), minus=NLGP(gain=gain, xi=1.0), size=size, **given)


def times(end: float) -> np.ndarray:
    """Times to record: close together at first, then evenly to ``end``."""
    return np.unique([*(t for t in (1.0, 2.0, 3.0, 5.0, 7.0) if t < end / 30), *np.linspace(0.0, end, 31)])


def networks(
    name: str, problem: Problem, seeds: int, time: float = TIME, swapped: bool = False, **options: Any
) -> tuple[Part, ...]:
    """Parts of ``seeds`` networks, seeds 0, 1, ..., of ``simulate_network``'s options.

    ``swapped``: also their losses on fresh inputs of the problem (``own``) and of its Gaussian control.
    """
    options = {"hidden": HIDDEN, **options}
    settings = {"problem": problem.to_dict(), "time": time, "options": options, "tests": TESTS if swapped else 0}
    return in_groups(name, _train, seeds, settings)


def in_groups(name: str, compute: Any, seeds: int, settings: dict[str, Any]) -> tuple[Part, ...]:
    """A part for every ``TOGETHER`` seeds."""
    groups = [list(range(first, min(first + TOGETHER, seeds))) for first in range(0, seeds, TOGETHER)]
    return tuple(Part(f"{name}-{group[0]}", compute, {**settings, "seeds": group}) for group in groups)


def _train(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.validation.sgd.network.simulate import simulate_network

    problem = Problem.from_dict(settings["problem"])
    run = simulate_network(
        problem, t_eval=times(settings["time"]), seeds=settings["seeds"], progress=progress, **settings["options"]
    )
    arrays = checked(run, KEPT)
    if settings["tests"]:
        for name, of in (("own", problem), ("gaussian", problem.gaussian_control())):
            arrays[name] = losses_on(of, arrays, settings["tests"])
    return arrays


def losses_on(problem: Problem, run: Arrays, tests: int = TESTS) -> np.ndarray:
    """Mean squared loss (n, T) of recorded committees on ``tests`` fresh inputs of ``problem``."""
    from cumulode.validation.sampling.sampler import sampler
    from cumulode.validation.sgd.network.engine import MSE, NetworkRule, fully_connected
    from cumulode.validation.sgd.network.held_out import draw_held_out

    plus, minus = (sampler(law, problem.shape) for law in problem.laws)
    held = draw_held_out(plus, minus, problem.prior, problem.size, tests, np.random.SeedSequence(1))
    n, T, K, _ = run["w"].shape
    rule = NetworkRule(problem.prior, 0.0, 1, K, MSE, 1.0, -1.0, 0.0, 0.0)
    layer, sigma = fully_connected(problem.shape), str(problem.activation)
    theta = np.concatenate([run["w"].reshape(n, T, -1), run["bias"], run["readout"]], axis=-1)
    return np.array([[held.measure(row, layer, sigma, rule)[0] for row in of_run] for of_run in theta])


def checked(run: Any, kept: tuple[str, ...]) -> Arrays:
    """The arrays of a run of networks or filters that came to its end."""
    if Status.INTERRUPTED in run.statuses:
        raise Interrupted(run.message)
    if not run.success:
        raise Failed(run.message)
    return {"t": run.t, **{name: getattr(run, name) for name in kept}}


def joined(groups: list[Arrays]) -> Arrays:
    """The runs of several parts as one, seeds along the first axis."""
    return {
        name: groups[0][name] if name == "t" else np.concatenate([group[name] for group in groups])
        for name in groups[0]
    }
