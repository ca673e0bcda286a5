"""``reproduce``: verdicts from numbers, work that is kept and resumed, claims that fail on data that contradict them."""

import json
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.cli import main
from cumulode.validation.reproduction import run as runs
from cumulode.validation.reproduction.claim import FULL, QUICK
from cumulode.validation.reproduction.claims import CLAIMS, chosen
from cumulode.validation.reproduction.findings import FAILS, HOLDS, UNCLEAR, Finding, Number, errors_of, over_seeds
from cumulode.validation.reproduction.networks import joined, losses_on, networks, nlgp
from cumulode.validation.reproduction.parts import Failed, Folder, Interrupted, Part

#: The page of results.
RESULTS = Path(__file__).parents[3] / "docs/results"

BY_NAME = {claim.name: claim for claim in CLAIMS}


@given(st.floats(-5, 5), st.floats(0, 2), st.booleans())
def test_a_criterion_needs_three_standard_errors(value, error, above):
    """Assert the verdict of a number against its definition, on either side."""
    number = Number("x", value, error, **{"above" if above else "below": 1.0})
    distance = (value - 1.0) if above else (1.0 - value)
    expected = HOLDS if distance > 3 * error else FAILS if -distance > 3 * error else UNCLEAR
    assert number.verdict == expected


def test_a_claim_holds_only_where_every_criterion_is_met():
    """Assert that one broken criterion breaks a claim, one unclear one leaves it open, and NaN is never met."""
    good, bad, open_ = (
        Number("a", 2.0, 0.1, above=1.0),
        Number("b", 0.0, 0.1, above=1.0),
        Number("c", 1.0, 0.1, above=1.0),
    )
    reported = Number("d", 7.0)
    assert open_.judgement == "inconclusive"
    assert Number("e", 1.1, 0.1, above=1.0).judgement == "inconclusive (9 times the runs would decide)"
    assert good.judgement == HOLDS

    def verdict(*numbers):
        return Finding(1, "n", "t", numbers).verdict

    assert verdict(good, reported) == HOLDS
    assert verdict(good, open_, reported) == UNCLEAR
    assert verdict(good, open_, bad) == FAILS
    assert verdict(reported) == UNCLEAR
    assert verdict(good, Number("e", np.nan, 0.0, above=1.0)) == UNCLEAR
    assert Finding(1, "n", "t", (good,), ended="failed").verdict == "failed"
    assert over_seeds("x", [1.0]).verdict == ""
    assert over_seeds("x", [1.0], above=0.5).verdict == UNCLEAR
    assert over_seeds("x", [1.0, 3.0]).error == pytest.approx(1.0)


def test_few_runs_need_more_standard_errors():
    """Assert that a criterion a mean of n normal runs just meets by chance is met with the probability of three
    sigma, 0.00135, whatever n: 40000 sets of 2, 4 and 8 runs (seed 0, within 5 standard errors, false alarm 2e-6)."""
    random = np.random.default_rng(0)
    for count in (2, 4, 8):
        runs = random.standard_normal((40_000, count))
        error = runs.std(axis=1, ddof=1) / np.sqrt(count)
        share = np.mean(runs.mean(axis=1) > errors_of(count) * error)
        assert abs(share - 0.00135) < 5 * np.sqrt(0.00135 / 40_000)
    assert over_seeds("x", [4.9, 5.1], above=4.0).verdict == UNCLEAR
    assert over_seeds("x", [4.9, 5.1] * 4, above=4.0).verdict == HOLDS


def count(settings, progress):
    """A part that counts how often it is computed."""
    count.calls += 1
    if settings.get("stop"):
        raise Interrupted("stopped")
    return {"x": np.arange(3.0) + settings["add"]}


def test_finished_parts_are_kept_and_taken_again_by_the_same_settings(tmp_path):
    """Assert one computation over two folders, another one for other settings, for a damaged file, and none kept of a
    part that was interrupted."""
    count.calls = 0
    part = Part("p", count, {"add": 1})
    for _ in range(2):
        np.testing.assert_array_equal(Folder(tmp_path).get(part, False)["x"], [1.0, 2.0, 3.0])
    assert count.calls == 1
    Folder(tmp_path).get(Part("p", count, {"add": 2}), False)
    assert count.calls == 2
    (file,) = tmp_path.glob(f"data/p-{part.identity}.npz")
    file.write_bytes(file.read_bytes()[:40])
    Folder(tmp_path).get(part, False)
    assert count.calls == 3
    with pytest.raises(Interrupted):
        Folder(tmp_path).get(Part("q", count, {"stop": 1}), False)
    assert not list(tmp_path.glob("data/q-*"))
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):  # a flipped byte anywhere is a damaged file, or does no harm
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        Folder(tmp_path).get(part, False)


def small_claim(monkeypatch, compute):
    """A claim of two parts in place of all others."""
    parts = {"x": (Part("one", compute, {"add": 1}), Part("two", compute, {"add": 2}))}

    def judge(data, effort):
        return [Number("sum", float(data["x"]["x"].sum()), above=1.0)], "made up"

    claim = replace(
        CLAIMS[0], parts=lambda effort: parts, judge=judge, draw=lambda figure, data, effort: figure.subplots()
    )
    monkeypatch.setattr(runs, "chosen", lambda claims: (claim,))


def test_an_interrupted_run_goes_on_where_it_was(monkeypatch, tmp_path, capsys):
    """Assert that Ctrl-C in the second part keeps the first, that the next call computes the second only, and that
    nothing is computed a third time; the page, the numbers and the figure are there, the figure with its command."""
    seen = []

    def compute(settings, progress):
        seen.append(settings["add"])
        if seen == [1, 2]:
            raise KeyboardInterrupt
        return {"x": np.full(2, settings["add"], dtype=float)}

    small_claim(monkeypatch, compute)
    first = runs.reproduce(quick=True, out=tmp_path, progress=True)
    assert first.interrupted
    assert not first.success
    assert first["tiling"].verdict == "interrupted"
    second = runs.reproduce(quick=True, out=tmp_path)
    assert second.success
    assert second["tiling"].numbers[0].value == 6.0
    runs.reproduce(quick=True, out=tmp_path)
    assert seen == [1, 2, 2]
    assert "claims: 50 % (1 of 2 parts)" in capsys.readouterr().err
    page = (tmp_path / "results.md").read_text()
    assert "| sum | 6 | > 1 | holds |" in page
    assert json.loads((tmp_path / "results.json").read_text())["claims"][0]["verdict"] == HOLDS
    seen.clear()
    monkeypatch.setattr(Folder, "find", lambda self, part: None)  # computed again, as by another version, and stopped
    assert runs.reproduce(quick=True, out=tmp_path).interrupted
    assert json.loads((tmp_path / "results.json").read_text())["claims"][0]["verdict"] == HOLDS  # not lost
    with pytest.raises(ValueError, match=r"out: .* a folder without a quick run"):
        runs.reproduce(out=tmp_path)
    (tmp_path / "results.json").write_text('{"scale": "quick", "claims": [{}]}')
    assert b"cumulode reproduce tiling --quick --out" in (tmp_path / "1-tiling.png").read_bytes()
    assert "1 tiling: holds" in repr(second)
    assert "holds" in second._repr_html_()
    assert "HOLDS" in str(second)


def test_parts_are_spread_over_an_executor(monkeypatch, tmp_path):
    """Assert the same numbers by an executor as one after the other, each part once, and the fraction done at the end."""
    seen, fractions = [], []

    def compute(settings, progress):
        seen.append(settings["add"])
        return {"x": np.full(2, settings["add"], dtype=float)}

    small_claim(monkeypatch, compute)
    with ThreadPoolExecutor(2) as pool:
        spread = runs.reproduce(quick=True, out=tmp_path, executor=pool, progress=fractions.append)
    assert spread["tiling"].numbers == runs.reproduce(quick=True)["tiling"].numbers
    assert sorted(seen) == [1, 1, 2, 2]
    assert fractions == [0.5, 1.0]
    for name, bad in {"executor": 3, "progress": 1, "quick": "yes"}.items():
        with pytest.raises(InvalidArgument, match=f"{name}: got"):
            runs.reproduce(**{name: bad})


def test_a_worker_that_dies_is_a_failed_claim(monkeypatch):
    """Assert a finding that says so, and no exception."""

    class Dying(ThreadPoolExecutor):
        def submit(self, *_):
            future = Future()
            future.set_exception(BrokenExecutor("gone"))
            return future

    small_claim(monkeypatch, lambda settings, progress: {"x": np.zeros(2)})
    finding = runs.reproduce(quick=True, executor=Dying(1))["tiling"]
    assert (finding.verdict, finding.message[:37]) == ("failed", "executor: a worker died (gone); the s")


def test_two_processes_in_one_folder_lose_nothing(monkeypatch, tmp_path):
    """Assert that a claim written by another process between start and end of a run is kept."""
    single = replace(
        BY_NAME["single"], parts=lambda effort: {}, judge=lambda data, effort: ([Number("x", 1.0)], "made up")
    )

    def meanwhile(settings, progress):
        with monkeypatch.context() as other:
            other.setattr(runs, "chosen", lambda claims: (replace(single, draw=lambda *_: None),))
            runs.reproduce(quick=True, out=tmp_path)
        return {"x": np.zeros(2)}

    small_claim(monkeypatch, meanwhile)
    runs.reproduce(quick=True, out=tmp_path)
    rows = json.loads((tmp_path / "results.json").read_text())["claims"]
    assert [row["name"] for row in rows] == ["tiling", "single"]


def test_a_failed_part_says_why(monkeypatch, tmp_path):
    """Assert that a run that diverged is said to, with its reason, and is no verdict."""

    def compute(settings, progress):
        raise Failed("weights blew up: lower the learning rate")

    small_claim(monkeypatch, compute)
    result = runs.reproduce(out=tmp_path)
    assert not result.success
    assert (result[1].verdict, result[1].message) == ("failed", "weights blew up: lower the learning rate")


@pytest.mark.parametrize("bad", ["nothing", 0, 10, True, None, [], ["tiling", "x"], 1.5])
def test_an_unknown_claim_is_refused(bad):
    """Assert one line that names the argument, what came and what is allowed."""
    with pytest.raises(InvalidArgument, match=r"claims: .*all, or 1 or tiling, 2 or control"):
        chosen(bad)


def test_claims_are_named_in_order():
    """Assert the nine numbers, names and numbers that mean the same, and no claim twice."""
    assert [claim.number for claim in CLAIMS] == list(range(1, 10))
    assert chosen("9") == chosen("single") == chosen(9)
    assert [claim.number for claim in chosen(["9", "tiling", 1])] == [1, 9]
    assert chosen("all") == CLAIMS


def test_the_list(capsys):
    """Assert --list, as lines and as JSON."""
    assert main(["reproduce", "--list"]) == 0
    assert capsys.readouterr().out.count("\n") == 9
    assert main(["reproduce", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["claims"][5]["name"] == "cumulant"


def test_losses_on_inputs_agree_with_the_run_itself():
    """Assert the loss on fresh inputs of the problem itself within 5 standard errors of what the run recorded (false
    alarm 6e-7 each, 4 of them)."""
    (part,) = networks("x", nlgp(16, xi=2.0), 2, time=10.0, swapped=True, batch_size=10)
    run = part.compute(part.settings, False)
    error = np.sqrt(2) * run["loss_error"]
    assert (np.abs(run["own"] - run["loss"]) < 5 * error)[:, [0, -1]].all()
    np.testing.assert_allclose(run["gaussian"], losses_on(nlgp(16, xi=2.0).gaussian_control(), run), rtol=0)
    assert run["own"].shape == (2, run["t"].size)
    both = joined([run, run])
    assert both["w"].shape[0] == 4
    assert both["t"].shape == run["t"].shape


def test_the_efforts_differ_in_amount_only():
    """Assert that the full run is larger in everything than the quick one."""
    small, large = (vars(effort) for effort in (QUICK, FULL))
    assert all(large[name] > small[name] for name in small if name != "name")


@pytest.mark.slow
def test_claims_hold(tmp_path):
    """Assert that the quick run of four claims gives verdicts that hold (fixed seeds), from the command line, and the
    numbers of the page of results.
    """
    assert main(["reproduce", "2", "5", "6", "7", "--quick", "--quiet", "--out", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "results.json").read_text())["claims"]
    assert [row["verdict"] for row in result] == [HOLDS] * 4
    shown = {row["number"]: row for row in json.loads((RESULTS / "results.json").read_text())["claims"]}
    for row in result:
        for now, then in zip(row["numbers"], shown[row["number"]]["numbers"], strict=True):
            assert now["value"] == pytest.approx(then["value"], rel=1e-6, abs=1e-9)
    assert all((tmp_path / row["figure"]).stat().st_size > 10_000 for row in result)


FOREIGN = {
    "results.json": [
        "{}",
        "words",
        "[" * 100_000,
        '{"scale": "quick", "claims": [{}]}',
        '{"scale": "quick", "claims": 3}',
    ],
    "results.md": ["mine"],
    "1-tiling.png": ["mine"],
    "data/measured.npz": ["mine"],
    "data": ["mine"],
    "results.lock": ["mine"],
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_of_something_else_is_refused_and_left(name, monkeypatch, tmp_path):
    """Assert one line that names out and what is there, before the work, and that nothing is changed."""
    small_claim(monkeypatch, lambda *_: pytest.fail("computed"))
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    for words in FOREIGN[name]:
        file.write_text(words)
        with pytest.raises(InvalidArgument, match=f"^out: got [^\n]*there {name.split('/')[0]} would be overwritten"):
            runs.reproduce(quick=True, out=tmp_path)
        assert [p for p in tmp_path.rglob("*") if p.is_file()] == [file]
        assert file.read_text() == words
