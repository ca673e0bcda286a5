"""Bad input to samplers, SGD, comparisons and measures of fields: one line that names the argument and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cumulode import (
    GP,
    NLGP,
    Ising,
    Problem,
    Sgd,
    Solver,
    compare,
    match_fields,
    simulate_convolutional,
    simulate_network,
    simulate_sgd,
    tiling,
)
from cumulode.validation import sample
from cumulode.validation.receptive_fields import metrics, symmetry
from cumulode.validation.sampling.erf_table import erf_by

NAN, INF = np.nan, np.inf
RING = Problem(Ising(t=0.7), Ising(t=-0.3), 6, bias=-0.6, prior=0.3)
FIELDS = Problem(NLGP(3.0, 2.0), NLGP(2.0, 1.0), 12, bias=-0.7, prior=0.4)
W = 0.1 * np.random.default_rng(1).standard_normal(6)
ROWS = np.random.default_rng(1).standard_normal((5, 12))
FOUR, NINE = np.random.default_rng(2).random((2, 8)), np.random.default_rng(3).random((2, 9))
THEIRS = Sgd(0.3, 3, "ingrosso-goldt")
STEEP = Problem(NLGP(40.0, 2.0), NLGP(40.0, 1.0), 16).gaussian_control()


def calls(function: Any, given: dict[str, Any], cases: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, Any]]:
    """The argument refused, and the call with ``given`` but for what is wrong."""
    return [(name, lambda change=change: function(**given | change)) for name, change in cases]


NEURON = calls(simulate_sgd, {"problem": RING, "w0": W, "t_eval": [0.0, 1.0]}, [
    ("problem", {"problem": "erf"}), ("w0", {"w0": np.zeros(7)}), ("w0", {"w0": np.full(6, NAN)}),
    ("w0", {"w0": np.zeros((1, 2, 6))}), ("t_eval", {"t_eval": [0.0, 2.0, 1.0]}), ("t_eval", {"t_eval": [1.0, 1.0]}),
    ("t_eval", {"t_eval": [-1.0, 1.0]}), ("t_eval", {"t_eval": [[0.0, 1.0]]}), ("t_eval", {"t_eval": []}),
    ("t_eval", {"t_eval": [0.0, INF]}), ("t_eval", {"t_eval": [1e15]}), ("t_eval", {"learning_rate": 1e-320}),
    ("learning_rate", {"learning_rate": 0.0}), ("learning_rate", {"learning_rate": -0.1}),
    ("learning_rate", {"learning_rate": INF}), ("learning_rate", {"learning_rate": NAN}),
    ("learning_rate", {"learning_rate": "0.1"}), ("batch_size", {"batch_size": 0}), ("batch_size", {"batch_size": 1.0}),
    ("batch_size", {"batch_size": True}), ("seed", {"seed": -1}), ("seed", {"seed": 1.5}), ("seed", {"seed": "1"}),
    ("seeds", {"seed": []}), ("seeds", {"seeds": []}), ("seeds", {"seeds": [1, -1]}), ("seeds", {"seeds": 0}),
    ("seeds", {"seeds": [1, 2], "w0": np.zeros((3, 6))}), ("seeds", {"seed": 1, "seeds": 2}),
    ("progress", {"progress": 1}), ("sgd", {"sgd": "mine"}), ("sgd", {"sgd": Sgd(0.1), "learning_rate": 0.2}),
    ("conventions", {"sgd": Sgd(0.1), "conventions": "ingrosso-goldt"}), ("erf", {"erf": "numpy"}),
    ("t_eval", {"sgd": THEIRS, "t_eval": None}), ("sgd", {"sgd": Sgd(0.1), "learning_rate": 0.01}), ("stop", {"stop": "x"}),
    ("seeds", {"seeds": np.array(2)}), ("seeds", {"seeds": 10**12}), ("seeds", {"seeds": [3, 4], "seed": [1, 2]}),
    ("t_eval: .*more than half a step, 50 at learning_rate=100", {"learning_rate": 100.0}),
    ("t_eval: .*more than half a step", {"sgd": THEIRS, "t_eval": [0.01]}),
])  # fmt: skip
NETWORK = calls(simulate_network, {"problem": FIELDS, "hidden": 2, "t_eval": [0, 0.1]}, [
    ("hidden", {"hidden": 0}), ("hidden", {"hidden": 2.0}), ("hidden", {"hidden": 3}),
    ("hidden", {"hidden": 3, "biases": "trained"}), ("architecture", {"architecture": "deep"}),
    ("biases", {"biases": "none"}), ("biases", {"biases": [1.0, NAN]}), ("biases", {"biases": [1.0, 2.0, 3.0]}),
    ("loss", {"loss": "hinge"}), ("labels", {"labels": (1, -1)}), ("labels", {"labels": 3}),
    ("readout", {"readout": [1.0, 1.0]}), ("readout", {"readout": [1.0], "architecture": "two-layer"}),
    ("w0", {"w0": np.ones((3, 12))}), ("w0", {"w0": np.full((2, 12), NAN)}), ("w0", {"w0": "x"}),
    ("w0", {"w0": np.ones((2, 12)) * 1j}), ("seeds", {"w0": np.ones((2, 2, 12))}), ("seeds", {"seeds": []}),
    ("seeds", {"w0": np.ones((2, 2, 12)), "seeds": [1]}), ("seeds", {"seed": 1, "seeds": 2}), ("seed", {"seed": -1}),
    ("amplitude", {"amplitude": 0.0}), ("learning_rate", {"learning_rate": 0}), ("batch_size", {"batch_size": 0}),
    ("t_eval", {"t_eval": [1, 0]}), ("n_test", {"n_test": 1}), ("test_seed", {"test_seed": 0.5}),
    ("erf", {"erf": "other"}), ("sgd", {"sgd": 0.1}), ("progress", {"progress": "yes"}), ("samples", {"samples": ROWS}),
    ("samples of the class plus", {"samples": (ROWS[:, :5], ROWS)}),
    ("samples of the class minus", {"samples": (ROWS, np.where(ROWS > 1, NAN, ROWS))}),
    ("samples of the class plus", {"samples": (np.ones((5, 12)), ROWS)}),
    ("samples of the class minus", {"samples": (ROWS, ROWS[:1])}),
])  # fmt: skip
THEIR_NETWORK = calls(simulate_network, {"problem": FIELDS, "hidden": 4, "t_eval": [0.5], "sgd": THEIRS, "n_test": 10}, [
    ("t_eval: got None, allowed: times, steps / D", {"t_eval": None}), ("w0", {"w0": "x"}),
    ("loss: got 'cross-entropy', allowed: 'mse'", {"loss": "cross-entropy"}), ("labels: .*one-hot", {"labels": (0, 1)}),
    ("readout: got None", {"architecture": "two-layer"}),
    ("loss", {"loss": np.ones(2)}), ("architecture", {"architecture": np.ones(2)}), ("bias_rate", {"bias_rate": 0.0}),
    ("readout_rate", {"readout_rate": NAN}), (r"gain: got 40.* at most 31\.6", {"problem": STEEP}),
])  # fmt: skip
FILTERS = calls(simulate_convolutional, {"problem": FIELDS, "filters": 2, "t_eval": [0, 1]}, [
    ("filters", {"filters": 0}), ("filters", {"filters": 3}), ("filter_size", {"filter_size": 13}),
    ("filter_size", {"filter_size": 0}), ("readout", {"readout": "max"}), ("biases", {"biases": "none"}),
    ("biases", {"biases": [1.0]}), ("w0", {"w0": np.zeros((2, 9))}), ("w0", {"w0": np.full((2, 12), NAN)}),
    ("loss", {"loss": "hinge"}), ("labels", {"labels": (1, 2)}), ("n_test", {"n_test": 1}), ("sgd", {"sgd": THEIRS}),
    ("samples", {"samples": (np.ones((3, 12)), np.ones((3, 12)))}),
])  # fmt: skip
RULES = calls(Sgd, {}, [
    ("conventions: got 'saxe', allowed: .*ingrosso-goldt", {"conventions": "saxe"}), ("conventions", {"conventions": None}),
    ("learning_rate", {"learning_rate": -1.0}), ("batch_size", {"batch_size": 0}),
])  # fmt: skip
COMPARISON = calls(compare, {"problem": RING, "w0": W, "t_eval": [0, 1]}, [
    ("seeds", {"seeds": 1}), ("seeds", {"seeds": [3, 3]}), ("seeds", {"seeds": 2.5}), ("margin", {"margin": 0}),
    ("verdict_times", {"verdict_times": 0}), ("verdict_times", {"verdict_times": [0.0]}), ("verdict_times", {"verdict_times": [2.0]}),
    ("population", {"population": "some"}), ("runs", {"runs": 3}), ("seed", {"seed": -1}), ("t_eval: got times to 20000", {"t_eval": [2e4]}), ("w0", {"w0": np.stack([W, W])}),
    ("w0", {"w0": W[1:]}), ("t_eval", {"t_eval": [0, 2, 1]}), ("t_eval", {"t_eval": []}),
    ("closure", {"closure": "nonsense"}), ("problem", {"problem": "ising"}), ("learning_rate", {"learning_rate": -1}),
    ("batch_size", {"batch_size": 0}), ("sgd", {"sgd": THEIRS}), ("sgd", {"batch_size": 3, "sgd": Sgd()}), ("sgd", {"batch_size": 100, "sgd": Sgd(0.1, 3)}),
    ("t_eval", {"learning_rate": 100.0}),
    ("solver", {"closure": "exact", "solver": Solver()}),
    ("executor", {"executor": 3}), ("progress", {"progress": 1}),
])  # fmt: skip
COMPARISON += [("quantity", lambda: compare(RING, W, [0, 0.1], seeds=2, batch_size=2, population=None).verdict("size"))]
INPUTS = calls(sample, {"law": NLGP(1.0, 0.5), "size": (8, 8), "n": 1}, [
    ("law", {"law": "Ising"}), ("size", {"law": Ising(0.5)}), ("size", {"law": GP(Ising(0.5))}), ("size", {"size": (8, 9)}),
    ("size", {"size": (8, 8, 8)}), ("size", {"size": ()}), ("size", {"size": (3, 3)}), ("size", {"size": (8.0, 8.0)}),
    ("xi", {"law": NLGP(1.0, 3.0)}), ("erf", {"erf": "exact"}), ("law", {"law": "Ising", "size": 30}),
    ("size", {"law": Ising(0.5), "size": 2}), ("size", {"law": Ising(0.5), "size": 8.0}),
    ("xi", {"law": NLGP(3.0, 12.0), "size": 30}), ("n", {"n": 0}), ("n", {"n": 2.5}), ("seed", {"seed": -1}),
    ("seed", {"seed": 0.5}), ("seed", {"seed": None}),
])  # fmt: skip
INPUTS += [("erf: .*table, libm", lambda: erf_by("numpy").__enter__())]
MEASURES = (metrics.centre, metrics.width, metrics.power_spectrum, metrics.dominant_wavenumber, metrics.summary)
NO_FIELDS: list[Any] = [[1.0, 2.0, 3.0], 1.0, np.ones(8) * 1j, ["a"] * 8, None, [[1.0] * 4, [1.0] * 5]]
NO_SHAPES: list[Any] = [(4, 5), (5, 5), (15,), (2, 8), (4, 4, 1), "4x4", 2.0, [4, 4]]
SHAPES = [
    *[
        ("w: got ", lambda f=f, bad=bad: f(bad))
        for f in (metrics.ipr, metrics.norm)
        for bad in ({}, None, [], 1.0, "a", [[1.0], []])
    ],
    *[
        ("(reflect|sign): got ", lambda o=o: symmetry.align(np.ones(8), np.ones(8), **o))
        for o in ({"sign": {}}, {"reflect": 1})
    ],
    *[("w: got .* allowed", lambda f=f, bad=bad: f(bad)) for f in MEASURES for bad in NO_FIELDS],
    *[("reference: got ", lambda bad=bad: symmetry.align(np.ones(8), bad)) for bad in NO_FIELDS],
    (r"reference: got \(9,\)", lambda: symmetry.align(np.ones((3, 8)), np.ones(9))),
    *[
        (r"shape: got [^\n]* L \* L = 16 sites$", lambda f=f, s=s: f(np.ones(16), s))
        for f in MEASURES
        for s in NO_SHAPES
    ],
    *[("shape: got ", lambda s=s: symmetry.align(np.ones(16), np.ones(16), shape=s)) for s in NO_SHAPES],
    ("centres", lambda: tiling(["a"], 40)),
    ("centres", lambda: tiling([NAN], 40)),
    ("centres", lambda: tiling([INF, 1], 40)),
    ("centres", lambda: tiling(np.zeros((3, 3)), (8, 8))),
    ("level", lambda: tiling([1.0], 40, level=0)),
    ("fields", lambda: match_fields(np.ones((2, 8)), FOUR)),
    ("filters", lambda: match_fields(FOUR, np.full((2, 8), NAN))),
    ("filters", lambda: match_fields(FOUR, NINE)),
    ("fields", lambda: match_fields(FOUR[0], FOUR)),
    ("shape", lambda: match_fields(FOUR, FOUR, (3, 3))),
]
CASES = [*NEURON, *NETWORK, *THEIR_NETWORK, *FILTERS, *RULES, *COMPARISON, *INPUTS, *SHAPES]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("words", "call"), CASES)
def test_bad_input_is_refused_in_one_line(words: str, call: Any) -> None:
    """Assert a ValueError in one line that begins with the argument."""
    with pytest.raises(ValueError, match=rf"^{words}[^\n]*$") as error:
        call()
    assert "\n" not in str(error.value)
    assert ": got " in str(error.value)
    assert "allowed: " in str(error.value)
