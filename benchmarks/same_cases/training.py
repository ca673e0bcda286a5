"""SGD of neurons and networks, and the flows of networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from case import ISING_RING, NLGP_RING, TORUS, WRAPPED, Arrays, call, case, run_arrays, start

import cumulode
from cumulode import NLGP, Ising, Problem


def add_sgd(name: str, problem: Problem, batch_size: int, **keywords: Any) -> None:
    """A run of ``simulate_sgd``; the batch size is given, since its default has changed."""

    @case(f"sgd {name}")
    def sgd() -> Arrays:
        given = {"batch_size": batch_size} | keywords
        run = call(cumulode.simulate_sgd, problem, start(problem), [0.0, 1.0, 3.0], **given)
        return run_arrays(run, "k2", "k4")


add_sgd("batch 1", NLGP_RING, 1)
add_sgd("batch 100", NLGP_RING, 100)
add_sgd("rate", NLGP_RING, 10, learning_rate=0.05)
add_sgd("ising 1", ISING_RING, 1)
add_sgd("ising 100", ISING_RING, 100)
add_sgd("covariances", WRAPPED, 1)
add_sgd("Gaussian", NLGP_RING.gaussian_control(), 10)
add_sgd("torus", TORUS, 10)
add_sgd("relu", Problem(NLGP(np.inf, 2.0), Ising(t=0.3), 24, "relu", bias=-0.8), 10)
add_sgd("seeds", NLGP_RING, 10, seeds=[0, 5])
add_sgd("conventions", NLGP_RING, 1, conventions="ingrosso-goldt")


def network_arrays(run: Any) -> Arrays:
    """Of a network, or of a convolutional one."""
    return run_arrays(run, "bias", "readout", "k2", "k4", "width", "centre", "loss", "accuracy")


@case("network committee")
def _committee() -> Arrays:
    run = call(
        cumulode.simulate_network, NLGP_RING, hidden=4, t_eval=[0.0, 2.0], batch_size=10, n_test=100, seeds=[0, 1]
    )
    return network_arrays(run)


@case("network two layers")
def _two_layers() -> Arrays:
    given = {"architecture": "two-layer", "loss": "cross-entropy", "labels": (0, 1), "n_test": 100, "batch_size": 1}
    return network_arrays(call(cumulode.simulate_network, ISING_RING, hidden=4, t_eval=[0.0, 1.0], **given))


@case("network torus")
def _torus_network() -> Arrays:
    return network_arrays(cumulode.simulate_network(TORUS, hidden=2, t_eval=[0.0, 1.0], batch_size=10, n_test=100))


@case("convolutional")
def _convolutional() -> Arrays:
    given = {"filters": 4, "filter_size": 9, "t_eval": [0.0, 1.0], "batch_size": 5, "n_test": 50}
    return network_arrays(cumulode.simulate_convolutional(NLGP_RING, **given))


@case("convolutional readout")
def _convolutional_readout() -> Arrays:
    given = {"filters": 2, "readout": "full", "t_eval": [0.0, 1.0], "batch_size": 5, "n_test": 50}
    return network_arrays(cumulode.simulate_convolutional(NLGP_RING, **given))


def add_network_flow(name: str, **keywords: Any) -> None:
    """A flow of ``solve_network``."""

    @case(f"network flow {name}")
    def flow() -> Arrays:
        w0 = np.stack([start(NLGP_RING, seed, 0.1) for seed in range(3)])
        run = cumulode.solve_network(NLGP_RING, w0, [0.0, 1.0, 4.0], [-1.0, 0.0, 1.0], **keywords)
        return {name: getattr(run, name) for name in ("t", "w", "bias", "ipr", "norm", "error")}


add_network_flow("taylor")
add_network_flow("trained", trained_biases=True)
add_network_flow("mean field", closure="mean-field")
