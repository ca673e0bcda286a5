"""Some hundreds of random calls and command lines, the same every time; and that faults of each kind are seen."""

from __future__ import annotations

import time

import numpy as np
import pytest

from cumulode import InvalidArgument, public
from cumulode.validation.cli import commands as cli

from . import calls, commands, guard
from .cases import batch, workplace, wrong

P = calls.values.Problem(calls.values.Ising(0.5), calls.values.Ising(0.2), 6)


def test_every_public_name_is_drawn_or_made(tmp_path):
    """Assert that a function or class added to the package is added here."""
    named = {name for modules in public.NAMES.values() for names in modules.values() for name in names}
    assert set(calls.strategies(tmp_path)) | calls.MADE == named


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), [("call", 0), ("call", 1), ("command", 0)])
def test_nothing_is_wrong_with_a_hundred(kind, number):
    """Assert no traceback, hang, silent NaN or changed input; ``python -m fuzz --kind .. --seed .. --place ..`` repeats."""
    failed: list[str] = []

    def each(place, case):
        words = wrong(case)
        if words:
            failed.append(
                f"{case}\n    {words}\n    cd tests; python -m fuzz --kind {kind} --seed {number} --place {place}"
            )

    with workplace():
        batch(kind, number, each)
    assert not failed, "\n".join(failed)


# ------------------------------------------------------------------------------------------------- faults are seen


def busy(w):
    until = time.process_time() + 20
    while time.process_time() < until:
        pass


def deaf(w):
    try:
        busy(w)
    except KeyboardInterrupt:
        busy(w)


def changing(w):
    w[0] = 3.0
    return w.copy()


def refusing(words):
    def function(w):
        raise InvalidArgument("w", 3, words)

    return function


def raw(w):
    raise ValueError("w: got 3")


def warning(w):
    return (w / w).size


FAULTS = {
    "an input was changed in place": changing,
    "silent NaN": lambda w: np.full(3, np.nan),
    "ZeroDivisionError": lambda w: 1 / 0,
    "ValueError": raw,
    "RuntimeWarning": warning,
    "hang: ": busy,
    "hang that does not hear Ctrl-C": deaf,
    "not one plain line": refusing("x" * 1000),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_planted_fault_is_seen(words, monkeypatch):
    """Assert that the guard names it."""
    monkeypatch.setattr(guard, "CPU", 0.2)
    monkeypatch.setattr(guard, "PATIENCE", 0.5)
    monkeypatch.setattr(public, "find", lambda name: FAULTS[words])
    assert words in guard.call(calls.Call("f", {"w": np.zeros(3)}, calls.judges.finite))


def test_nothing_is_wrong_with_a_good_call():
    """Assert it, of one that returns and of one that refuses."""
    for w in (0.1 * np.ones(6), "x"):
        assert guard.call(calls.Call("solve", {"problem": P, "w0": w, "t_eval": [0, 1.0]}, calls.judges.run)) == ""


def test_a_run_without_end_is_seen_though_it_waits_for_threads(monkeypatch):
    """Assert that SGD of 10^9 steps is interrupted."""
    given = {"problem": P, "w0": 0.1 * np.ones(6), "t_eval": [1.0], "learning_rate": 0.1}
    guard.call(calls.Call("simulate_sgd", given, calls.judges.run))  # imports and compiles
    monkeypatch.setattr(guard, "CPU", 0.5)
    given["learning_rate"] = 1e-9
    assert guard.call(calls.Call("simulate_sgd", given, calls.judges.run)).startswith("hang: ")


def test_a_diverged_run_is_no_silent_nan():
    """Assert that a failure with its message passes, and the same arrays with a good status do not."""
    given = {"problem": P, "w0": 0.1 * np.ones(6), "t_eval": [0.0, 1.0]}
    run = public.find("solve")(**given)
    run.w[-1] = np.nan
    assert "silent NaN" in calls.judges.run(run, given)
    run.statuses[:] = 2
    assert calls.judges.run(run, given) == ""


def raising(options):
    raise KeyError("a")


def printing(*texts):
    def run(options):
        print(*texts)
        return 0

    return run


@pytest.mark.parametrize(
    ("run", "arguments", "words"),
    [
        (raising, [], "KeyError"),
        (lambda options: 7, [], "exit code 7"),
        (lambda options: 1, [], "without a word"),
        (printing("{"), ["--json"], "no JSON"),
        (printing('{"w": NaN}'), ["--json"], "no JSON"),
        (printing('{"w": [null]}'), ["--json"], "silent NaN"),
        (printing('{"w": [1.0]}'), ["--json"], ""),
    ],
)
def test_a_planted_fault_of_a_command_is_seen(run, arguments, words, monkeypatch):
    """Assert that the line is named wrong."""
    from cumulode.validation.cli.commands import solve  # noqa: F401

    monkeypatch.setattr(cli.solve, "run", run)
    said = commands.Line(["solve", *arguments]).wrong()
    assert words in said
    assert bool(words) == bool(said)
