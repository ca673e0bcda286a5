"""Write docs/network.md, its data and its figure: where the fields of networks of eight hidden units localise.

``python -m benchmarks.network``    (some 15 minutes on one slow core, most of it SGD)

A committee with fixed balanced biases -1/+1, rows of w0 of norm about 0.1, batch 100, learning rate 0.01, unless a case
says otherwise. Runs that stand in docs/network.json are not run again, so that an interrupted run goes on; ``--fresh``
begins anew, ``--page`` only writes the page.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.numerics.io.atomic import write_bytes
from cumulode.numerics.networks.solve import solve_network
from cumulode.theory import NLGP, Problem
from cumulode.validation import simulate_network

from .network_page import write_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
DATA = DOCS / "network.json"
#: Cosine of two fields below which they are one another's negative.
OPPOSITE = -0.8
#: Of theory against SGD.
SEEDS, BATCH = 6, 1000  # little noise, so that what is seen is the theory's error
TIMES = (*np.arange(0.0, 12.0, 0.5), *np.arange(12.0, 60.0, 4.0), *np.arange(60.0, 301.0, 40.0))
CLOSURES = {"taylor": 60.0, "mean-field": 300.0}  # until when: taylor has failed long before


@dataclass(frozen=True)
class Case:
    """Runs of one problem; ``size`` is the ring's, or both sides of the torus."""

    size: int | list[int]
    gain: float = 3.0
    xi: tuple[float, float] = (4.0, 1.0)
    control: bool = False
    seeds: int = 8
    times: tuple[float, ...] = (100.0, 300.0)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        """Of biases -1."""
        size = tuple(self.size) if isinstance(self.size, list) else self.size
        problem = Problem(NLGP(self.gain, self.xi[0]), NLGP(self.gain, self.xi[1]), size, bias=-1.0)
        return problem.gaussian_control() if self.control else problem

    def run(self, seed: int, pool: ThreadPoolExecutor) -> dict[str, Any]:
        """IPR x D, norms, widths, centres (T, K), accuracy, pairs (T,), processor seconds; last weights of seed 0."""
        began = time.process_time()
        net = simulate_network(self.problem, t_eval=list(self.times), seeds=[seed], executor=pool, **self.options)
        if not net.success:
            raise RuntimeError(net.message)
        records: dict[str, Any] = {"seconds": round(time.process_time() - began, 1)}
        for name, values in (("ipr", net.ipr[0] * net.size), ("norm", net.norm[0]), ("accuracy", net.accuracy[0]),
                             ("width", net.width[0])):  # fmt: skip
            records[name] = np.round(values, 4).tolist()
        records["pairs"] = [opposite_pairs(w[len(w) // 2 :]) for w in net.w[0]]
        if len(self.problem.shape) == 1:
            records["centre"] = np.round(net.centre[0], 3).tolist()
        if seed == 0:
            records["w"] = np.round(net.w[0, -1], 4).tolist()
        return records


def opposite_pairs(w: np.ndarray) -> int:
    """How many pairs of the rows (n, D) are the same field with opposite signs: cosine below -0.8, each row once."""
    unit = w / np.linalg.norm(w, axis=-1, keepdims=True)
    cosine, count = unit @ unit.T, 0
    while cosine.min() < OPPOSITE:
        pair = list(np.unravel_index(cosine.argmin(), cosine.shape))
        cosine[pair], cosine[:, pair] = 0.0, 0.0
        count += 1
    return count


LONG = (50.0, 100.0, 200.0, 300.0, 450.0, 600.0)
TRAINED = {"biases": "trained"}
CASES = {
    "ring 100": Case(100, seeds=32, times=LONG),
    "ring 40": Case(40, seeds=16, times=LONG),
    "ring 40, gain 10": Case(40, gain=10.0),
    "ring 40, gain 1": Case(40, gain=1.0),
    "ring 40, control": Case(40, control=True, seeds=6),
    "ring 100, control": Case(100, control=True, seeds=3),
    "torus, gain 3": Case([20, 20], xi=(2.0, 1.0), seeds=4),
    "torus, gain 10, biases trained": Case(
        [20, 20], 10.0, (2.0, 1.0), seeds=3, times=(100.0, 300.0, 600.0), options=TRAINED
    ),
    "torus, gain 3, control": Case([20, 20], xi=(2.0, 1.0), control=True, seeds=2),
    "torus, gain 10, biases trained, control": Case([20, 20], 10.0, (2.0, 1.0), control=True, seeds=2, options=TRAINED),
    "ring 40, classes exchanged": Case(40, xi=(1.0, 4.0), seeds=4),
    "ring 100, amplitude 0.01": Case(100, seeds=4, options={"amplitude": 0.01}),
    "ring 100, amplitude 0.3": Case(100, seeds=4, options={"amplitude": 0.3}),
    "ring 100, amplitude 1": Case(100, seeds=4, options={"amplitude": 1.0}),
    "ring 100, biases trained": Case(100, seeds=3, options=TRAINED),
}


def theory_against_sgd(seed: int, pool: ThreadPoolExecutor) -> dict[str, Any]:
    """Norm, k2 of the class plus and IPR x D of both halves (T, 2), means over neurons, by SGD and every closure."""
    from cumulode.numerics import preactivation_cumulants

    problem = CASES["ring 40"].problem
    net = simulate_network(problem, t_eval=list(TIMES), batch_size=BATCH, seeds=[seed], executor=pool)
    weights = {"sgd": net.w[0]}
    for closure, last in CLOSURES.items():
        times = net.t[net.t <= last]
        weights[closure] = solve_network(problem, net.w[0, 0], times, net.bias[0, 0], closure=closure).w
    records: dict[str, Any] = {}
    for name, w in weights.items():
        square = np.sum(w**2, axis=-1)
        k2, _ = preactivation_cumulants(problem, w)
        each = {"norm": np.sqrt(square), "k2": k2[..., 0], "IPR x D": problem.size * np.sum(w**4, -1) / square**2}
        records[name] = {key: np.round(_halves(of), 6).tolist() for key, of in each.items()}
    return records


def _halves(values: np.ndarray) -> np.ndarray:
    """Means over the first and the second half of the neurons, (T, 2)."""
    return values.reshape(len(values), 2, -1).mean(axis=-1)


def _stored(fresh: bool) -> dict[str, Any]:
    """What has been run; a case whose settings have changed is forgotten."""
    records = json.loads(DATA.read_text()) if DATA.exists() and not fresh else {}
    for name, case in CASES.items():
        settings = json.loads(json.dumps({k: v for k, v in asdict(case).items() if k != "seeds"}))
        if records.get(name, {}).get("settings") != settings:
            records[name] = {"settings": settings, "runs": {}}
    settings = {"times": list(map(float, TIMES)), "batch": BATCH, "until": CLOSURES}
    if records.get("theory", {}).get("settings") != settings:
        records["theory"] = {"settings": settings, "runs": {}}
    return {name: records[name] for name in (*CASES, "theory")}


def measure(fresh: bool = False) -> None:
    """Run what is missing, one thread, saving after every run."""
    records = _stored(fresh)
    jobs: list[tuple[str, int, Any]] = [(n, seed, case.run) for n, case in CASES.items() for seed in range(case.seeds)]
    jobs += [("theory", seed, theory_against_sgd) for seed in range(SEEDS)]
    with ThreadPoolExecutor(1) as pool:
        for name, seed, run in jobs:
            if str(seed) in records[name]["runs"]:
                continue
            began = time.perf_counter()
            records[name]["runs"][str(seed)] = run(seed, pool)
            write_bytes(DATA, json.dumps(records).encode())
            print(f"{name}, seed {seed}: {time.perf_counter() - began:.0f} s", flush=True)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.network", description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="run everything again")
    parser.add_argument("--page", action="store_true", help="write the page from what has been run")
    given = parser.parse_args()
    if not given.page:
        measure(given.fresh)
    write_page(json.loads(DATA.read_text()), CASES, CLOSURES, DOCS)


if __name__ == "__main__":
    main()
