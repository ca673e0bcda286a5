"""A derivation as text, Markdown, LaTeX and HTML."""

from __future__ import annotations

import html as escaping
import re
from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

from .content import SYMBOLIC, Chain, Content, Step
from .line_breaks import WIDTH, broken, visible_width
from .plain_text import plain, plain_maths

_NAMES = {"Cw": r"(Cw)_i", "Kwww": r"K(w,w,w)_i", "k2": r"k_2", "k4": r"k_4", "lam": r"\lambda"}


def tex(expr: Any) -> str:
    """An expression as LaTeX, with this project's symbols as theory.md writes them; strings are taken as LaTeX."""
    if isinstance(expr, str):
        return expr
    names = {s: _NAMES.get(s.name) or _force_name(s.name) for s in expr.atoms(sp.Symbol)}
    return str(sp.latex(expr, symbol_names={s: n for s, n in names.items() if n}))


def _force_name(name: str) -> str | None:
    found = re.fullmatch(r"F(\d+)", name)
    if not found:
        return None
    n = int(found[1])
    return "F_y" + ("'" * n if n <= 3 else f"^{{({n})}}") + "(0)"


class _Plain(StrPrinter):
    """Formulas in Python's notation, symbols without marks that would read as operators."""

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        return _symbol(expr.name)


_MARKS = {"+": "plus", "-": "minus", "*": "star"}


def _symbol(name: str) -> str:
    """The name of a symbol without braces; a last index ``+``, ``-`` or ``*`` as a word."""
    name = plain_maths(name) if "\\" in name else name.replace("{", "").replace("}", "")
    return name[:-1] + _MARKS[name[-1]] if name[-2:-1] == "_" and name[-1] in _MARKS else name


def _formula(expr: Any) -> str:
    return str(_Plain().doprint(expr))


def text(d: Content) -> str:
    """Plain text: one line an equality, with its label, reason and status."""
    written = [d.title, "=" * len(d.title), ""]
    if d.about:
        written += [plain(d.about), ""]
    written += [f"{what}: {plain(words)}" for what, words in _scope(d)]
    written += [""] if d.scope else []
    for chain in d.chains:
        written += [plain(chain.text), ""]
        quantity = chain.quantity
        name = plain_maths(quantity) if isinstance(quantity, str) else _formula(quantity)
        written.append("    " + (f"{name} = " if quantity is not None else "") + _formula(chain.start))
        written += [f"    = {_formula(s.rhs)}    ({s.cited}: {plain(s.reason)}; {_status(s)})" for s in chain.steps]
        written.append("")
    return "\n".join([*written, _summary(d)])


def markdown(d: Content) -> str:
    """Markdown with maths between dollar signs and a table of checks."""
    written = [f"# {d.title}", ""]
    if d.about:
        written += [d.about, ""]
    written += [f"- **{what}**: {words}" for what, words in _scope(d)]
    written += [""] if d.scope else []
    for chain in d.chains:
        written += [chain.text, "", "$$", *_aligned(chain), "$$", ""]
        written += [f"- ({s.cited}) {s.reason} *[{s.status}]*" for s in chain.steps]
        written.append("")
    written += ["## Checks", ""]
    written += ["| equation | cited as | status | how | largest difference at random points |", "|---|---|---|---|---|"]
    written += [f"| {' | '.join(row)} |" for row in _table(d)]
    return "\n".join([*written, "", _summary(d), ""])


def latex(d: Content) -> str:
    """A complete LaTeX document."""
    written = [
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb,longtable}",
        r"\usepackage[a4paper,margin=2cm]{geometry}",
        r"\allowdisplaybreaks",
        r"\sloppy",
        r"\setlength{\parindent}{0pt}",
        r"\setlength{\parskip}{4pt}",
        r"\begin{document}",
        rf"\section*{{{_escape(d.title)}}}",
        _escape(d.about),
        "",
    ]
    if d.scope:
        items = [rf"\item \textbf{{{what}}}: {_escape(words)}" for what, words in _scope(d)]
        written += [r"\begin{itemize}", *items, r"\end{itemize}"]
    for chain in d.chains:
        written += [_escape(chain.text), *_aligned(chain), ""]
        for s in chain.steps:
            written.append(rf"{{\small ({_escape(s.cited)}) {_escape(s.reason)} [{s.status}]\par}}")
        written.append(r"\medskip")
    written += [r"\subsection*{Checks}", r"{\small\begin{longtable}{lp{3.3cm}lp{4.2cm}l}"]
    written.append(r"equation & cited as & status & how & largest difference \\ \hline")
    written += [" & ".join(_escape(cell) for cell in row) + r" \\" for row in _table(d)]
    return "\n".join([*written, r"\end{longtable}}", _escape(_summary(d)), r"\end{document}", ""])


def html(d: Content) -> str:
    """HTML whose maths MathJax sets, as Jupyter's notebooks do."""
    written = [f"<h2>{_inline(d.title)}</h2>", f"<p>{_inline(d.about)}</p>" if d.about else ""]
    if d.scope:
        items = "".join(f"<li><b>{what}</b>: {_inline(words)}</li>" for what, words in _scope(d))
        written.append(f"<ul>{items}</ul>")
    for chain in d.chains:
        display = escaping.escape("\n".join(_aligned(chain)), quote=False)
        reasons = "".join(f"<li>({s.cited}) {_inline(s.reason)} <i>[{s.status}]</i></li>" for s in chain.steps)
        written.append(f"<p>{_inline(chain.text)}</p>\n$$\n{display}\n$$\n<ul>{reasons}</ul>")
    rows = "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in _table(d))
    head = "<tr><th>equation</th><th>cited as</th><th>status</th><th>how</th><th>largest difference</th></tr>"
    written.append(f"<table>{head}{rows}</table><p>{_inline(_summary(d))}</p>")
    return "\n".join(part for part in written if part)


def equations(d: Content) -> str:
    """The equations alone, for a display that knows LaTeX but no text around it."""
    rows = [row for chain in d.chains for row in (_rows(chain), r"\\[6pt]")]
    return "\n".join([r"$\displaystyle", r"\begin{aligned}", *rows[:-1], r"\end{aligned}$"])


def _aligned(chain: Chain) -> list[str]:
    return [r"\begin{align*}", _rows(chain, tags=True), r"\end{align*}"]


def _rows(chain: Chain, tags: bool = False) -> str:
    head = "" if chain.quantity is None else tex(chain.quantity)
    width = WIDTH - max(visible_width(head) - 3, 0)
    first, *more = broken(chain.start, tex, width)
    rows = [f"{head} &= {first}" if head else f"& {first}", *(rf"&\qquad {line}" for line in more)]
    for s in chain.steps:
        first, *more = broken(s.rhs, tex, width)
        new = [f"&= {first}", *(rf"&\qquad {line}" for line in more)]
        new[-1] += rf" \tag{{{s.label}}}" if tags else rf" \quad\text{{({s.label})}}"
        rows += new
    return " \\\\\n".join(rows)


def _scope(d: Content) -> list[tuple[str, str]]:
    if d.scope is None:
        return []
    used = ", ".join(d.scope.used)
    return [
        ("Small parameter", d.scope.small),
        ("Dropped", d.scope.dropped),
        ("First neglected order", d.scope.neglected),
        ("Used in", used),
    ]


def _status(step: Step) -> str:
    return f"{step.status}, {step.how}" if step.how else step.status


def _table(d: Content) -> list[tuple[str, ...]]:
    return [
        (s.label, s.name or "intermediate", s.status, s.how or "-", f"{_size(s.worst)} at {len(s.samples)} points")
        for s in d.steps
    ]


def _size(error: float) -> str:
    """A bound that does not change with the last digits of the arithmetic."""
    bound = next((e for e in (28, 25, 22) if error < 10.0**-e), None)
    return f"{error:.0e}" if bound is None else f"below 1e-{bound}"


def _summary(d: Content) -> str:
    numeric = sum(s.status != SYMBOLIC for s in d.steps)
    symbolic = len(d.steps) - numeric
    noun = "equality" if len(d.steps) == 1 else "equalities"
    return f"{len(d.steps)} {noun} checked: {symbolic} symbolically, {numeric} numerically only, none failed."


def _inline(words: str) -> str:
    """Words for HTML, with maths as MathJax reads it inside a line."""
    parts = escaping.escape(words, quote=False).split("$")
    return "".join(rf"\({p}\)" if i % 2 else p for i, p in enumerate(parts))


def _escape(words: str) -> str:
    """Text for LaTeX, leaving maths between dollar signs alone."""
    parts = words.split("$")
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([#%&_{}])", r"\\\1", parts[i]).replace("^", r"\^{}").replace("~", r"\~{}")
    return "$".join(parts)
