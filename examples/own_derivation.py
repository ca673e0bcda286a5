"""A derivation of one's own: a neuron whose preactivation is uniform, a case in which every average is elementary.

Run it (``python examples/own_derivation.py``): it prints the checked derivation, then what happens to a wrong step,
then compares two formulas with the library's.
"""

import sympy as sp

from cumulode.theory import Derivation, Scope, WrongStep, check

u = sp.Symbol("u", real=True)
L = sp.Symbol("L", positive=True)  # the preactivation is uniform on [-L, L]
b, y = sp.symbols("b y", real=True)


def force(h: sp.Expr) -> sp.Expr:
    """F_y(h) = (y - sigma) sigma' of a tanh neuron."""
    return (y - sp.tanh(h)) * (1 - sp.tanh(h) ** 2)


def potential(h: sp.Expr) -> sp.Expr:
    """Phi_y(h) = -(y - sigma)^2 / 2, whose derivative is the force."""
    return -((y - sp.tanh(h)) ** 2) / 2


derivation = Derivation(
    "uniform",
    "A tanh neuron with a uniform preactivation",
    "At a kurtosis of $-6/5$ Pearson's law is uniform, and the average of the force needs no quadrature.",
    scope=Scope("none: exact for this law", "nothing", "none", ("this example",)),
)
derivation.chain(
    "Variance and fourth cumulant of a uniform variable on $[-L, L]$.", "k_2", sp.Integral(u**2 / (2 * L), (u, -L, L))
).equals(L**2 / 3, "integration", name="variance")
derivation.chain("The fourth.", "k_4", sp.Integral(u**4 / (2 * L), (u, -L, L)) - 3 * (L**2 / 3) ** 2).equals(
    -sp.Rational(6, 5) * (L**2 / 3) ** 2, "a kurtosis of -6/5"
)
derivation.chain(
    "The average of the force is a difference of the potential, whatever the activation; here for tanh.",
    r"E[F_y(b + \lambda)]",
    sp.Integral(force(b + u) / (2 * L), (u, -L, L)),
).equals(
    (potential(b + L) - potential(b - L)) / (2 * L), "fundamental theorem of calculus", symbolic=False, name="force"
)

if __name__ == "__main__":
    print(derivation)
    print("\nA wrong step is refused, with a counterexample:")
    try:
        derivation.chain("Wrong.", "k_2", sp.Integral(u**2 / (2 * L), (u, -L, L))).equals(L**2 / 4, "guessed")
    except WrongStep as wrong:
        print(f"  {wrong}")
    print("\nTwo formulas for the second cumulant of the data, one with inputs erf(g z), one wrong:")
    print(check("asin(2*g**2*c/(1 + 2*g**2)) / asin(2*g**2/(1 + 2*g**2))", "nlgp.second"))
    print(check(r"\frac{2}{\pi} c", "nlgp.second"))
