"""A strategy for every command: options good and bad, in any order, and what no command knows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from cumulode.validation.cli import COMMANDS, main

from . import guard

#: Words that hardly any option takes.
JUNK = st.sampled_from(
    ["", "x", "nan", "inf", "-inf", "1e999", "-1", "0", "1.5", "1,2", "1:2:3", "1:2:-3", "2:1:3:log", "--", "é", "\x1b[31m", "a\nb", "1e-320",
     "9" * 30, "None", "[1]", "{}", "0x10", "1_0", " 1", "½", "../no/such.nc", ".", "/", "a.nc", "a.png", "a.csv", "-0.5", "1,,2", ",", ":", "1,1"]
)  # fmt: skip

FLAG = st.none()


def words(*values: str) -> st.SearchStrategy[Any]:
    """One of them."""
    return st.sampled_from(values)


PROBLEM: dict[str, st.SearchStrategy[Any]] = {
    "law": words("nlgp", "ising", "gp", "NLGP"),
    "gain": words("1", "inf", "30", "1e-6"),
    "gain-plus": words("2", "0.1"),
    "gain-minus": words("2", "1e9"),
    "xi-plus": words("0.5", "0.9", "0.01", "5"),
    "xi-minus": words("0.3", "0.8"),
    "covariance": words("wrapped", "circular-exponential"),
    "t-plus": words("0.5", "-0.9"),
    "J-minus": words("0.2", "18"),
    "control": FLAG,
    "size": words("4", "5", "8", "4x4", "6X6", "4x5"),
    "activation": words("erf", "relu", "h - h**3/6", "gelu"),
    "bias": words("0", "-1", "1e-300", "40", "-1e6"),
    "prior": words("0.5", "0.01", "1e-12"),
}
RUN = {
    "time": words("1", "0.05", "3"),
    "points": words("2", "4"),
    "seed": words("0", "3"),
    "amplitude": words("0.1", "1e-12", "30", "1e-300"),
    "w0": words("start.npy", "start.txt", "start_nan.npy", "start_rows.npy", "start_complex.npy", "start_objects.npy", "start_text.npy",
     "start_folder.npy", "nowhere.npy"),
}  # fmt: skip
SOLVER = {
    "closure": words(
        "regression", "taylor", "gaussian", "pearson", "tree", "conditional", "exact", "tree:0.5", "tayler", "frozen"
    ),
    "rtol": words("1e-9", "0.1"),
    "atol": words("1e-12", "1e-300"),
    "tolerance": words("1e-6", "0", "0.5"),
    "contraction": words("auto", "pair-form", "ordered-gap", "sorted-list"),
    "max-step": words("0.1", "inf"),
    "frozen-points": words("64", "100", "0"),
    "frozen-accuracy": words("0.5", "2"),
}
SGD = {"learning-rate": words("0.01", "0.5", "100", "1e-300"), "batch-size": words("1", "10")}
CONVENTIONS = {"conventions": words("cumulode", "ingrosso-goldt")}
OUTPUT = {"json": FLAG, "quiet": FLAG}
ARRAYS = {"out": words("o.nc", "o.npz", "o.txt", "no/such/o.nc", "start_folder.npy")}
SEEDS = {"seeds": words("2", "0,3", "1")}
SMALL = ["--size", "6", "--xi-plus", "0.6", "--xi-minus", "0.3", "--time", "1", "--points", "3", "--quiet"]
FILES = words(
    "phase.nc",
    "phase_cut.nc",
    "phase_other.nc",
    "phase_flipped0.nc",
    "phase_flipped2.nc",
    "phase_folder.nc",
    "result.nc",
    "nowhere.nc",
)

#: Command -> what it needs, each a strategy; its options.
TABLE: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "derive": ([words("nlgp.1", "ising.2", "nosuch", "growth.x")], {"list": FLAG, "format": words("text", "latex", "word"), "order": words("1", "2"), **OUTPUT}),
    "check": (
        [words("nlgp.second", "gaussian.A", "force", "nosuch"), words("asin(q*c)/asin(q)", "asin(q*c)", "-c", "1/0", r"\frac{c}{q}", "((")],
        {"list": FLAG, "activation": words("erf", "tanh"), "order": words("3", "1"), "ansatz": words("exp(-x**2)"), "seed": words("1"), "json": FLAG},
    ),
    "solve": (SMALL, {**PROBLEM, **RUN, **SOLVER, **OUTPUT, **ARRAYS}),
    "sgd": (SMALL, {**PROBLEM, **RUN, **SGD, **CONVENTIONS, **OUTPUT, **ARRAYS}),
    "network": (
        [*SMALL, "--hidden", "2", "--n-test", "8"],
        {**PROBLEM, **SGD, **CONVENTIONS, **OUTPUT, **ARRAYS, **SEEDS, "architecture": words("two-layer", "committee"), "w0": RUN["w0"],
         "biases": words("trained", "equal", "-1,1", "1"), "loss": words("mse", "cross-entropy"), "labels": words("0,1", "-1,1", "2,3")},
    ),
    "compare": (
        [*SMALL, "--seeds", "2", "--batch-size", "5", "--no-figure", "--frozen-points", "64"],
        {**PROBLEM, **RUN, **SOLVER, **SGD, **OUTPUT, **SEEDS, "no-control": FLAG, "verdict-times": words("1", "3", "0.1,x"), "population": words("none", "auto", "x"), "runs": words("20", "1"), "margin": words("0.1"),
         "out": words("c.csv", "c.txt"), "figure": words("c.png", "c.txt")},
    ),
    "phase": (
        [*SMALL, "--gain", "1,2", "--seeds", "2", "--no-figure", "--out", "p.nc"],
        {**PROBLEM, **SOLVER, **SGD, **OUTPUT, **SEEDS, "simulate": FLAG, "measures": words("ipr", "width,norm", "foo"), "validity": words("off", "full"),
         "no-lines": FLAG, "no-fields": FLAG, "retry-failed": FLAG, "extend": FLAG, "out": words("p2.nc", "p.txt", "phase_folder.nc"), "variable": words("norm", "foo")},
    ),
    "draw": (
        [FILES],
        {"variable": words("norm", "sgd_norm", "pattern", "foo"), "x": words("gain", "xi_plus", "foo"), "y": words("xi_plus"), "select": words("gain=1", "gain=x", "foo=1"),
         "over": words("median", "mean", "0", "9"), "slice": FLAG, "along": words("xi_plus", "xi_plus=0.4"), "log": FLAG, "linear": FLAG, "insets": words("0", "2"),
         "at": words("1,0.4", "9,9"), "fields": words("below", "inside"), "field-seed": words("1", "7"), "no-hatch": FLAG, "no-lines": FLAG, "contour": words("none", "1,2"),
         "boundary": words("phase.nc"), "figure": words("d.png", "d.svg", "d.txt"), "width": words("3.4"), "title": words("a title"), **OUTPUT},
    ),
    "rerun": ([FILES], {"cells": words("1", "2"), "seed": words("1"), **OUTPUT}),
    "reproduce": ([words("nosuch", "--list", "99")], {"quick": FLAG, "out": words("r"), **OUTPUT}),
    "cache": ([], {"where": FLAG, "json": FLAG}),
}  # fmt: skip
#: Options whose good values start processes, wait for a network or compile everything: drawn with bad values only.
BAD_ONLY = {
    "workers": words("0", "-1", "x", "1.5", "99999"),
    "scheduler": words("", "x"),
    "warm": words("x"),
    "jsn": words("1"),
    "help me": words("x"),
}
COSTLY = {"phase": 2, "draw": 3, "rerun": 3, "derive": 8, "cache": 8}
assert set(TABLE) == set(COMMANDS)


@dataclass
class Line:
    """A command line, run in a folder."""

    arguments: list[str]

    def __str__(self) -> str:
        return "cumulode " + " ".join(map(repr, self.arguments))

    def wrong(self) -> str:
        """What is wrong with it; empty where all is well."""
        code, out, err, wrong = guard.streams(lambda: main(list(self.arguments)))
        return wrong or self._streams(code, out, err)

    def _streams(self, code: Any, out: str, err: str) -> str:
        if code not in (0, 1, 2):
            return f"exit code {code!r}"
        if "Traceback" in err + out:
            return "a traceback"
        if code == 2:
            lines = [
                line
                for line in err.splitlines()
                if "is now" not in line and not re.match(r"(theory|SGD|phase)[^:]*: \d", line)
            ]
            if out or len(lines) != 1 or len(lines[0]) > guard.LONGEST + 100 or not lines[0].isprintable():
                return f"bad input is not one plain line: {err[-300:]!r}, output {out[:80]!r}"
        command = next((a for a in self.arguments if not a.startswith("-")), "")
        if code == 1 and not (err or command in ("check", "rerun")):
            return "exit code 1 without a word"
        if code == 0 and "--json" in self.arguments and "--help" not in self.arguments:
            return _json(out)
        return ""


def _json(out: str) -> str:
    try:
        values = json.loads(out, parse_constant=lambda name: float(f"not JSON: {name}"))
    except ValueError:
        return f"no JSON: {out[:200]!r}"
    for name in ("w", "norm", "k2", "k4", "ipr"):
        if name in values and "null" in json.dumps(values[name]):
            return f"silent NaN in {name} of a run that ended well"
    return ""


@st.composite
def line(draw: Any, command: str) -> Line:
    """A command line."""
    needed, options = TABLE[command]
    given = [draw(part) if isinstance(part, st.SearchStrategy) else part for part in needed]
    more: list[list[str]] = []
    for name in draw(st.lists(st.sampled_from(sorted(options)), max_size=4, unique=True)):
        value = draw(options[name])
        more.append([f"--{name}"] if value is None else [f"--{name}={value}"])
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        kind = draw(st.integers(0, 5))
        name = draw(st.sampled_from(sorted(options)))
        if kind == 0:
            name, value = draw(st.sampled_from(sorted(BAD_ONLY.items())))
            more.append([f"--{name}={draw(value)}"])
        elif kind == 1:
            more.append([draw(JUNK)])
        elif kind == 2:
            more.append([f"--{name}"])  # a value is missing, or a flag given twice
        elif options[name] is not FLAG:
            more.append([f"--{name}={draw(JUNK)}"] if kind < 5 else [f"--{name}", draw(JUNK)])
    after = [word for words in draw(st.permutations(more)) for word in words]
    if command in ("check", "derive", "rerun", "draw") and draw(st.booleans()):
        given, after = after, given
    return Line([command, *given, *after])


def strategies(folder: Path) -> dict[str, st.SearchStrategy[Line]]:
    """By the name of the command; they run in ``folder``, the working directory."""
    return {command: line(command) for command in COMMANDS}
