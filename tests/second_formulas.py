"""A second set of right and wrong formulas, written when the first was met, to see whether that carries over."""

from __future__ import annotations

from first_formulas import (
    CUBIC,
    CURVATURE,
    GAIN,
    GAPS,
    LOSS,
    PAIRS,
    RELU_MEAN,
    SLOPE_ONE,
    SPINS,
    SQRT_D,
    STEEPER,
    THIRD,
    TIMES_D,
    TURNED,
    UNNORMALISED,
    ZERO_ONE,
    force_slope,
)

T2 = "(1 - tanh(b)**2)"
IN_T = GAPS.replace("t**", "tanh(J)**")
S, ERF = "sqrt(2/pi)*exp(-b**2/2)", "erf(b/sqrt(2))"


def tanh_slope(y: object) -> str:
    return f"((({y}) - tanh(b))*(-2)*tanh(b)*{T2} - {T2}**2)"


UNITARY, SECOND_ORDER = "a unitary Fourier transform", {"order": 2}
MU = f"(p*{force_slope(1)}*Cplus + (1-p)*{force_slope(-1)}*Cminus)"

RIGHT = [
    (
        "drift",
        r"-2 F_y'(0) \frac{(Cw)_i}{D} - \frac{F_y'''(0)}{3}\left(3 \frac{k_2}{D} \frac{(Cw)_i}{D}"
        r" + \frac{K(w,w,w)_i}{D^2}\right)",
        (LOSS, TURNED, "with the cumulants of w.x"),
    ),
    ("nlgp.second", r"\frac{2}{\pi}\arcsin\left(\frac{2 g^2 c}{1 + 2 g^2}\right)", (GAIN, UNNORMALISED)),
    ("nlgp.second", "2/pi*asin(pi*g**2*c/(2+pi*g**2))", (SLOPE_ONE, UNNORMALISED)),
    ("nlgp.cubic", f"-32*g**6/pi**2*{CUBIC}", (GAIN, UNNORMALISED, "g^2 for q")),
    (
        "growth",
        f"-(p*{tanh_slope(1)}*Cplus + (1-p)*{tanh_slope(0)}*Cminus)",
        (ZERO_ONE, TURNED),
        {"activation": "tanh"},
    ),
    ("growth", f"sqrt(D)*{MU}", (UNITARY,)),
    ("growth", f"{MU}/sqrt(D)", (UNITARY, SQRT_D)),
    ("growth.committee", "-4*b/sqrt(pi)*exp(-b**2)*(Cplus - Cminus)/2", (STEEPER,)),
    ("growth.committee", f"-2*tanh(b)*{T2}*(Cplus - Cminus)", (LOSS, "priors"), {"activation": "tanh"}),
    ("taylor.A", f"-({force_slope('y')} + {THIRD}*k2/(2*D))/D", (TURNED, "with the cumulants of w.x")),
    ("taylor.A", f"{force_slope('y')} + {THIRD}*k2/(2*D)", ("with the cumulants of w.x, and time in steps over D",)),
    ("sgd.variance", r"\frac{\eta B}{J (2 - \eta J)}", (CURVATURE,)),
    ("conditional", "-2*(F1*Cw + F3*(k2*Cw/2 + kappa4*Cw**3/6))", (LOSS, TURNED)),
    ("bump.k2", "pi*a**2*s**2*xi/(4*log(2)*sqrt(xi**2 + s**2/(2*log(2))))", ("full width at half height for s",)),
    ("ipr.gaussian", "sqrt(log(2)/pi)/s", ("half width at half height",)),
    ("ipr.gaussian", "sqrt(pi)*s/D", ("exp(-x^2/s^2)", "the share of the sites")),
    ("ipr.exponential", "D/(4*s)", (TIMES_D, "the decay length of w^2")),
    ("ising.fourth", f"-{IN_T}/(8*(1 + tanh(J)**D)**2)", (SPINS,)),
    ("ising.second", "(tanh(J/4)**d + tanh(J/4)**(D-d))/(4*(1 + tanh(J/4)**D))", (SPINS, "tanh(J/4)")),
    ("elliptical.fourth", f"kurtosis*{PAIRS}/3", ()),
    ("phi4.fourth", "-24 u G_i G_j G_k G_l \\cdot 1", ("u phi^4",)),
    ("bump.k4", "-16*pi**2*g**2*a**4*s**4*xi**3/((2*s**2 + xi**2)*sqrt(8*s**2 + xi**2))", ()),
    ("force", f"-((y - {ERF})*(b**2 - 1)*{S} + 3*b*2/pi*exp(-b**2))", (TURNED,), SECOND_ORDER),
    ("drift", "-2.0*F1*Cw - F3*(k2*Cw + 0.5*Kwww/1.5)", (LOSS, TURNED)),
    ("drift", "eta*(F1*Cw + F3/6*(3*k2*Cw + Kwww))", ("times eta",)),
]

WRONG = [
    ("nlgp.second", "2/pi*asin(pi*g**2*c/(2+pi*g**2))/asin(pi*g**2/(2+pi*g**2))"),
    ("nlgp.second", "asin(g**2*c/(2+g**2))/asin(g**2/(2+g**2))"),
    ("nlgp.cubic", f"-g**2*(2*g**2/pi)*{CUBIC}"),
    ("nlgp.cubic", f"-4/pi**2*q**2*{CUBIC}"),
    ("nlgp.variance", "asin(2*g**2/(1+2*g**2))*2/pi**2"),
    ("ising.second", "(t**d + t**(D-d))/(4*(1+t**D)) + 1/4"),
    ("ising.fourth", f"-2*{GAPS.replace(' + t**(g2 + 2*g3 + g0)', '')}/(1 + t**D)**2"),
    ("phi4.fourth", "-u*(G_i*G_j + G_k*G_l)"),
    ("elliptical.fourth", f"kurtosis*{PAIRS}"),
    ("sgd.variance", "eta**2*B/(2*J - eta*J**2)"),
    ("sgd.variance", "2*eta*B/(2*J - eta*J**2)"),
    ("ipr.gaussian", "1/(2*pi*s)"),
    ("ipr.gaussian", "sqrt(pi)*s/D**2"),
    ("ipr.exponential", "1/(3*s)"),
    ("ipr.random", "3/D"),
    ("bump.k2", "pi*a**2*s**2*xi/sqrt(xi**2 + 4*s**2)"),
    ("bump.k4", "-4*pi**2*kurtosis*a**4*s**4*xi**3/((2*s**2 + xi**2)*sqrt(8*s**2 + xi**2))"),
    (
        "growth",
        f"p*{tanh_slope(1).replace('(-2)', '(-1)')}*Cplus + (1-p)*{tanh_slope(-1)}*Cminus",
        {"activation": "tanh"},
    ),
    ("growth", f"p*{force_slope(0)}*Cplus + (1-p)*{force_slope(-1)}*Cminus"),
    ("growth.committee", f"{S}*(b**2 - 1)*(Cplus - Cminus)/2"),
    ("drift", r"F_y'(0) (Cw)_i + \frac{F_y'''(0)}{6} \left(k_2 (Cw)_i + 3 K(w,w,w)_i\right)"),
    ("drift", "F1*Cw + F3/6*Kwww"),
    ("conditional", "-F1*Cw/D - F3/6*(3*k2*Cw/D + kappa4*Cw**3/D)"),
    ("taylor.A", f"{force_slope('y')} + {THIRD}*k2"),
    ("force", f"(y - {ERF})*(b**2 - 1)*{S} - 3*b*2/pi*exp(-b**2)", SECOND_ORDER),
    ("gaussian.A", RELU_MEAN.replace("(y*", "((2*y + 1)*"), {"activation": "relu"}),
    ("drift", "2*(F1*Cw/D + F3/6*(3*k2*Cw + Kwww/D**2)/D)"),
    ("drift", "eta*F1*Cw + F3/6*(3*k2*Cw + Kwww)"),
    ("growth", f"sqrt(D)*p*{force_slope(1)}*Cplus + (1-p)*{force_slope(-1)}*Cminus"),
]
