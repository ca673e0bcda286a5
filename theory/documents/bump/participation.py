"""Participation ratios of states that are not localised: the end of the document on bumps."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents.rewritings import simplified
from cumulode.theory.dynamics import bump as used

phi, theta = sp.symbols("phi theta", real=True)
size = sp.Symbol("D", positive=True)


def plain_states(d: Derivation) -> None:
    """Waves, exactly and at the wavenumber where the formula fails, and random vectors."""
    _waves(d)
    _random(d)


def _waves(d: Derivation) -> None:
    d.chain(
        "Other states. Of a wave, $w_j = \\cos(2\\pi k j/D + \\varphi)$, the sums $\\sum_j w_j^2$ and $\\sum_j "
        "w_j^4$ follow from the waves that the powers contain,",
        r"\cos^4\varphi",
        sp.cos(phi) ** 4,
    ).equals(
        sp.Rational(3, 8) + sp.cos(2 * phi) / 2 + sp.cos(4 * phi) / 8,
        "$\\cos^2\\varphi = (1 + \\cos 2\\varphi)/2$ twice",
        rewrite=lambda e: sp.expand(sp.expand_trig(e).subs(sp.sin(phi) ** 2, 1 - sp.cos(phi) ** 2)),
        by="all in cosines of one angle",
    )
    three = [sp.cos(phi + 2 * sp.pi * j / 3) for j in range(3)]
    d.chain(
        "of which those of wavenumber $2k$ and $4k$ sum to zero around the ring, unless $D$ divides $2k$ or $4k$: "
        "the IPR is $D\\cdot\\frac38/(D\\cdot\\frac12)^2$. Three sites and $k = 1$ written out:",
        r"\mathrm{IPR}",
        sum(w**4 for w in three) / sum(w**2 for w in three) ** 2,
    ).equals(
        used.sinusoid_ipr(sp.Integer(3)),
        "sum over the sites",
        name="IPR of a wave",
        **simplified("addition theorems", lambda e: sp.expand(e, trig=True)),
    )
    four = [sp.cos(phi + sp.pi * j / 2) for j in range(4)]
    d.chain(
        "The exception, four sites a period, $k = D/4$: on four sites the IPR depends on the phase, and its mean "
        "over the phase is the same.",
        r"\mathrm{IPR}",
        sum(w**4 for w in four) / sum(w**2 for w in four) ** 2,
    ).equals(
        used.sinusoid_ipr(sp.Integer(4)) * (1 + sp.cos(4 * phi) / 3), "sum over the sites", **simplified("simplify")
    )


def _random(d: Derivation) -> None:
    density, over, half = sp.cos(theta) ** (size - 2), (theta, 0, sp.pi / 2), sp.Rational(1, 2)
    d.chain(
        "A vector of independent Gaussians has a random direction, and one of its components over its norm, "
        "$\\sin\\theta$, has a density in $\\theta$ proportional to $\\cos^{D-2}\\theta$. The mean IPR is $D$ times "
        "the mean of $\\sin^4\\theta$.",
        r"E[\mathrm{IPR}]",
        size * sp.Integral(sp.sin(theta) ** 4 * density, over) / sp.Integral(density, over),
    ).equals(
        size * sp.gamma(5 * half) * sp.gamma(size / 2) / (sp.gamma(half) * sp.gamma(size / 2 + 2)),
        "beta functions",
        symbolic=False,
        domain={size: (5.0, 9.0)},
    ).equals(
        used.random_ipr(size),
        "$\\Gamma(n+1) = n\\,\\Gamma(n)$",
        name="IPR of a random vector",
        **simplified("simplification of gamma functions", sp.gammasimp),
    )
