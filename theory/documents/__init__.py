"""The derivations that are shipped, by name; each is built and checked on request.

From SGD to the width of a field: ``flow``, ``drift``, ``nlgp``, ``ising``, ``closures``, ``conditional``, ``cubic``,
``growth``, ``fluctuations``, ``network``, ``bump``. They share ``notation`` (letters), ``responses`` (the force),
``rewritings`` (of expressions) and ``spins`` (a law to sum by hand); ``__main__`` writes them all.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from cumulode.theory.derivation.content import SYMBOLIC
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.problem.problem import SHIPPED_ACTIVATIONS
from cumulode.theory.user_input.arguments import InvalidArgument, choice
from cumulode.theory.user_input.budget import OutOfBudget, refused, within_budget

from .notation import table

#: How the index begins.
HEADING = "# Derivations"
#: name: what it derives, in a line; in the order in which they build on one another
DOCUMENTS = {
    "flow": "from SGD to gradient flow, and what time means",
    "drift": "the population drift in cumulants, to any odd order",
    "nlgp": "second and fourth cumulant of the non-linear Gaussian process",
    "ising": "cumulants of the Ising ring and of phi^4 at weak coupling, and why elliptical laws never localise",
    "closures": "the coefficients A and B of every closure, with closed forms where they exist",
    "conditional": "the conditional closure of Lufkin, Saxe & Grant: what it puts for K, why it is no gradient flow",
    "growth": "linear growth, the selected wavelength, and the role of the bias",
    "network": "the coupled flow of the neurons of a committee, and many balanced ones",
    "cubic": "the cubic term as a field equation, its decompositions, and power iteration",
    "fluctuations": "what SGD adds, to first order in the learning rate",
    "bump": "participation ratio, width and amplitude of a stationary bump",
}


#: Orders up to which a derivation is a matter of seconds.
_QUICK = 9


def derive(name: str, activation: str = "erf", order: int = 3) -> Derivation:
    """Build and check the derivation called ``name``.

    Parameters
    ----------
    name : str
        One of ``DOCUMENTS``, or one of its equations, such as "growth.18": with its scope, the paragraph before it and
        the forms it follows from.
    activation : str
        For ``flow``, ``drift``, ``closures``, ``conditional`` and ``growth``: see ``Problem``. The others do not
        depend on it.
    order : odd int
        For ``drift``: the order in w.

    Raises
    ------
    ValueError
        Naming ``name``, ``activation`` or ``order``; an activation given as text with which the derivation takes more
        than 8 s of the processor (none is refused for that as a SymPy expression).
    """
    document, _, number = name.partition(".") if isinstance(name, str) else (name, "", "")
    choice("name", document if number else name, DOCUMENTS)
    text = isinstance(activation, str) and activation not in SHIPPED_ACTIVATIONS
    long = isinstance(order, int) and order > _QUICK and isinstance(activation, str)
    derivation = (_apart if text or long else built)(_silent, document, activation, order)
    return derivation.equation(name) if number else derivation


def _silent(part: str) -> None:
    pass


def _apart(report: Callable[[str], None], document: str, activation: str, order: int) -> Derivation:
    """Build with a user's text, or to a high order, in a second process."""
    try:
        derivation = within_budget(f"{__name__}:built", document, activation, order, seconds=30.0, processor=8.0)
    except OutOfBudget as error:
        shipped = activation in SHIPPED_ACTIVATIONS
        name, got = ("order", order) if shipped else ("activation", activation)
        raise refused(name, got, error, "; with a SymPy expression as activation it may take longer") from None
    assert isinstance(derivation, Derivation)
    return derivation


def built(report: Callable[[str], None], document: str, activation: str, order: int) -> Derivation:
    """One whole document; see ``within_budget``."""
    build: Callable[..., Derivation] = import_module(f"{__name__}.{document}").build
    report("deriving with it")
    return build(activation=activation, order=order)


def write(folder: str | Path) -> list[Path]:
    """Build every derivation and write it as Markdown, with an index, into ``folder``; returns the files.

    InvalidArgument where the folder has a README.md of something else, which the index would replace.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "README.md"
    if index.exists() and not index.read_text(errors="replace").startswith(HEADING):
        raise InvalidArgument("folder", str(folder), "a folder without a README.md of something else")
    texts = pages({name: derive(name) for name in DOCUMENTS})
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


def pages(derivations: dict[str, Derivation]) -> dict[str, str]:
    """Markdown of derivations and of their index, by file name."""
    texts = {f"{name}.md": derivation.markdown() for name, derivation in derivations.items()}
    return texts | {"README.md": _index(derivations)}


def _index(derivations: dict[str, Derivation]) -> str:
    lines = [
        HEADING,
        "",
        "Written and checked by `make derivations` (`cumulode.theory.documents`): every equality symbolically and at "
        "random points in 30-digit arithmetic; a test compares these pages with what the code writes. `cumulode "
        "derive NAME` prints one, for any activation and order, and `cumulode derive growth.18` one equation with "
        "what it rests on.",
        "",
        "| document | what it derives | equalities | symbolic | numeric only | cited by the code |",
        "|---|---|---|---|---|---|",
    ]
    for name, derivation in derivations.items():
        symbolic = sum(step.status == SYMBOLIC for step in derivation.steps)
        cited = "; ".join(f"{step.label} {step.name}" for step in derivation.steps if step.name)
        total = len(derivation.steps)
        lines.append(
            f"| [{name}]({name}.md) | {DOCUMENTS[name]} | {total} | {symbolic} | {total - symbolic} | {cited} |"
        )
    notation = ["", "Letters that stand for different things in different documents:", "", *table()]
    return "\n".join([*lines, *notation, ""])
