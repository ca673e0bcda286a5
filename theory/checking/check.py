"""Check a formula of one's own against ours: equal, equal in another convention, or different and where.

>>> print(check("asin(q*c)/asin(q)", "nlgp.second").kind)
equal
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cumulode.theory.user_input.arguments import InvalidArgument, integer
from cumulode.theory.user_input.budget import OutOfBudget, refused, start, within_budget

if TYPE_CHECKING:
    import sympy as sp

    from .result import CheckResult


def check(
    mine: str | sp.Expr,
    against: str | sp.Expr,
    *,
    activation: Any = "erf",
    order: int | None = None,
    ansatz: str | sp.Expr | None = None,
    seed: int = 0,
) -> CheckResult:
    """Compare a formula with one of ours (or with another formula).

    Parameters
    ----------
    mine : str or SymPy expression
        In Python's notation or LaTeX; the result says how it was understood. Symbols go by their names.
    against : str or SymPy expression
        One of ``cumulode.theory.checking.quantities.QUANTITIES``: "drift", "force", "taylor.A" ... "regression.B",
        "growth",
        "nlgp.second", "nlgp.fourth", "ising.fourth", "ipr.gaussian" ...; "ipr" with an ``ansatz``; or an expression.
    activation : str or SymPy expression
        Of rates; see ``Problem``.
    order : int, optional
        Of "drift", "force", "taylor.A", "taylor.B".
    ansatz : str or expression in x, optional
        For "ipr": a profile whose fourth power can be integrated over the real line.
    seed : int >= 0
        Of the random points.

    Returns
    -------
    CheckResult
        True in a condition where the formula is right, in our convention or one that is named.

    Raises
    ------
    ValueError
        Naming the argument: a formula that cannot be read or uses other symbols, an unknown quantity, a formula that
        takes more than 7 s of the processor or 2 GB (saying at what).

    Notes
    -----
    Two formulas count as equal when they agree to 22 digits at four random points of the range where ours holds (the
    closures pearson and regression: k4 < 0), a formula with decimal numbers when it agrees to 13; ``confirmed`` says
    whether SymPy also brought their difference to zero. Conventions of different kind are tried together, up to four;
    where several sets of them, equally small, explain a formula, all are named. A second process does the work, so
    that it always ends.
    """
    start()  # it loads SymPy while this process does
    seed = integer("seed", seed, ge=0)
    if ansatz is not None and isinstance(against, str) and against != "ipr":
        raise InvalidArgument("ansatz", ansatz, 'no ansatz: it goes with against="ipr" only')
    from .comparing import READING
    from .result import CheckResult

    given = {"mine": mine, "activation": activation, "ansatz": ansatz}
    try:
        result = within_budget(
            "cumulode.theory.checking.comparing:compare", mine, against, activation, order, ansatz, seed
        )
    except OutOfBudget as error:
        name = next((name for name, part in READING.items() if part == error.part), "mine")
        raise refused(name, given[name], error) from None
    assert isinstance(result, CheckResult)
    return result
