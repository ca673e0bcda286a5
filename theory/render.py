"""A derivation as text, Markdown and LaTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sympy as sp

if TYPE_CHECKING:
    from .derivation import Chain, Derivation

_NAMES = {"Cw": r"(Cw)_i", "Kwww": r"K(w,w,w)_i", "k2": r"k_2", "k4": r"k_4", "lam": r"\lambda"}


def tex(expr: Any) -> str:
    """An expression as LaTeX, with this project's symbols as theory.md writes them; strings are taken as LaTeX."""
    if isinstance(expr, str):
        return expr
    names = {s: _NAMES.get(s.name) or _force_name(s.name) for s in expr.free_symbols}
    return str(sp.latex(expr, symbol_names={s: n for s, n in names.items() if n}))


def _force_name(name: str) -> str | None:
    found = re.fullmatch(r"F(\d+)", name)
    if not found:
        return None
    n = int(found[1])
    return "F_y" + ("'" * n if n <= 3 else f"^{{({n})}}") + "(0)"


def text(d: Derivation) -> str:
    """Plain text: one line an equality, with its label, reason and status."""
    lines = [d.title, "=" * len(d.title), ""]
    if d.about:
        lines += [d.about, ""]
    for chain in d.chains:
        lines += [chain.text, ""]
        head = f"{chain.quantity} = " if chain.quantity is not None else ""
        lines.append(f"    {head}{chain.start}")
        lines += [f"    = {s.rhs}    ({s.label}: {s.reason}; {s.status})" for s in chain.steps]
        lines.append("")
    return "\n".join([*lines, _summary(d)])


def markdown(d: Derivation) -> str:
    """Markdown with maths between dollar signs and a table of checks."""
    lines = [f"# {d.title}", ""]
    if d.about:
        lines += [d.about, ""]
    for chain in d.chains:
        lines += [chain.text, "", "$$", *_aligned(chain), "$$", ""]
        lines += [
            f"- ({s.label}) {s.reason}" + ("" if s.status == "symbolic" else f" *[{s.status}]*") for s in chain.steps
        ]
        lines.append("")
    lines += ["## Checks", "", "| equation | status | largest error at random points |", "|---|---|---|"]
    lines += [f"| {s.label} | {s.status} | {s.worst:.0e} at {s.points} points, 30 digits |" for s in d.steps]
    return "\n".join([*lines, "", _summary(d), ""])


def latex(d: Derivation) -> str:
    """A complete LaTeX document."""
    lines = [
        r"\documentclass{article}",
        r"\usepackage{amsmath}",
        r"\usepackage[margin=2cm]{geometry}",
        r"\allowdisplaybreaks",
        r"\begin{document}",
        rf"\section*{{{_escape(d.title)}}}",
        _escape(d.about),
        "",
    ]
    for chain in d.chains:
        lines += [_escape(chain.text), r"\begin{align*}", *_aligned(chain, document=True), r"\end{align*}", ""]
        lines += [rf"\noindent\small ({_escape(s.label)}) {_escape(s.reason)} [{s.status}]\par" for s in chain.steps]
        lines.append(r"\normalsize\medskip")
    return "\n".join([*lines, "", _escape(_summary(d)), r"\end{document}", ""])


def _aligned(chain: Chain, document: bool = False) -> list[str]:
    head = "" if chain.quantity is None else tex(chain.quantity)
    rows = [f"{head} &= {tex(chain.start)}" if head else f"& {tex(chain.start)}"]
    rows += [rf"&= {tex(s.rhs)} \quad\text{{({s.label})}}" for s in chain.steps]
    body = " \\\\\n".join(rows)
    return [body] if document else [r"\begin{aligned}", body, r"\end{aligned}"]


def _summary(d: Derivation) -> str:
    numeric = sum(s.status != "symbolic" for s in d.steps)
    symbolic = len(d.steps) - numeric
    return f"{len(d.steps)} equalities checked: {symbolic} symbolically, {numeric} numerically only, none failed."


def _escape(words: str) -> str:
    """Text for LaTeX, leaving maths between dollar signs alone."""
    parts = words.split("$")
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([#%&_{}])", r"\\\1", parts[i]).replace("^", r"\^{}").replace("~", r"\~{}")
    return "$".join(parts)
