"""Forty right formulas in other conventions and forty wrong ones, written by hand from the conventions of the field.

Each was written down before it was first checked. Pieces: ``force_slope`` is F_y'(0) of erf(h/sqrt 2), ``steep`` of
erf(h); the activation's derivatives are sqrt(2/pi) exp(-b^2/2) times 1, -b, b^2 - 1.
"""

from __future__ import annotations


def force_slope(y: object) -> str:
    return f"((({y}) - erf(b/sqrt(2)))*(-b)*sqrt(2/pi)*exp(-b**2/2) - 2/pi*exp(-b**2))"


def steep(y: object) -> str:
    return f"((({y}) - erf(b))*(-4*b/sqrt(pi))*exp(-b**2) - 4/pi*exp(-2*b**2))"


THIRD = "((y - erf(b/sqrt(2)))*(3*b - b**3)*sqrt(2/pi)*exp(-b**2/2) + (4 - 7*b**2)*2/pi*exp(-b**2))"
CW = ["(c0*w0 + c1*(w1 + w2))", "(c0*w1 + c1*(w0 + w2))", "(c0*w2 + c1*(w0 + w1))"]
CUBIC = f"({CW[0]}**3 + 3*(c0*w0*{CW[0]}**2 + c1*(w1*{CW[1]}**2 + w2*{CW[2]}**2)))"
GAPS = "(t**(g3 + 2*g0 + g1) + t**(g0 + 2*g1 + g2) + t**(g1 + 2*g2 + g3) + t**(g2 + 2*g3 + g0))"
PAIRS = "(C_ij*C_kl + C_ik*C_jl + C_il*C_jk)"
#: E[F'] under a Gaussian law, of erf(h) and of ReLU
STEEP_MEAN = (
    "2*(-sqrt(2/pi)*sqrt(2)*b*(1+2*k2)**(-3/2)*exp(-b**2/(1+2*k2))*(y - erf(b/sqrt((1+2*k2)*(1+4*k2))))"
    " - 2/pi*exp(-2*b**2/(1+4*k2))/((1+2*k2)*sqrt(1+4*k2)))"
)
RELU_MEAN = "(y*exp(-b**2/(2*k2))/sqrt(2*pi*k2) - erfc(-b/sqrt(2*k2))/2)"

LOSS, TURNED, STEEPER = "the loss without its 1/2", "the gradient of the loss", "erf(x) for erf(x/sqrt 2)"
SQRT_D, GAIN, UNNORMALISED = "inputs over sqrt D", "gain sqrt 2", "inputs not divided by Z"
ZERO_ONE, HALVES, PRIORS = "labels {0, 1} for {-1, 1}", "labels {-1/2, 1/2}", "equal priors"
SQUARE, SPINS, CURVATURE = "the width of w^2", "spins {0, 1} or +-1/2", "the curvature of the loss"
INVERSE, TIMES_D, TWICE_XI = "the inverse, 1/IPR", "D times the IPR", "exp(-d^2/(2 xi^2))"
SLOPE_ONE = "erf(sqrt(pi) g z/2)"

#: quantity, formula, the words of every convention that must be named (none: equal), options
RIGHT = [
    ("nlgp.second", "(2/pi)*asin(2*g**2*c/(1+2*g**2))", (GAIN, UNNORMALISED)),
    ("growth", f"p*{steep(1)}*Cplus + (1-p)*{steep(0)}*Cminus", (STEEPER, ZERO_ONE)),
    ("drift", "-F1*Cw - F3*(k2*Cw/2 + Kwww/6)", (TURNED,)),
    ("phi4.fourth", "-24*u*G_i*G_j*G_k*G_l", ("u phi^4",)),
    ("phi4.fourth", "-6*u*G_i*G_j*G_k*G_l", ("u phi^4/4",)),
    ("drift", "-2*(F1*Cw/D + F3/6*(3*k2*Cw/D + Kwww/D**2))", (LOSS, TURNED, SQRT_D)),
    ("growth", f"2*(p*{steep(1)}*Cplus + (1-p)*{steep(-1)}*Cminus)/D", (STEEPER, LOSS, SQRT_D)),
    ("growth.committee", "-sqrt(2/pi)*b*exp(-b**2/2)*(Cplus - Cminus)", (LOSS, "priors")),
    ("growth", f"({force_slope(1)}*Cplus + {force_slope(-1)}*Cminus)/2", (PRIORS,)),
    ("growth", f"{force_slope(1)}*Cplus + {force_slope(-1)}*Cminus", (PRIORS, LOSS)),
    ("nlgp.cubic", f"-2*g**2*{CUBIC}", (GAIN, "g^2 for q")),
    ("nlgp.cubic", f"-4/pi**2*q**3*{CUBIC}", (UNNORMALISED,)),
    ("nlgp.variance", "2/pi*asin(2*g**2/(1+2*g**2))", (GAIN,)),
    ("nlgp.variance", "2/pi*asin(pi*g**2/(2+pi*g**2))", (SLOPE_ONE,)),
    ("nlgp.second", "asin(pi*g**2*c/(2+pi*g**2))/asin(pi*g**2/(2+pi*g**2))", (SLOPE_ONE,)),
    ("ising.second", "(t**d + t**(D-d))/(4*(1+t**D))", (SPINS,)),
    ("ising.second", "(exp(-d/xi) + exp(-(D-d)/xi))/(1 + exp(-D/xi))", ()),
    ("ising.second", "cosh((D/2 - d)*log(t))/cosh(D/2*log(t))", ()),
    ("ising.fourth", f"-{GAPS}/(8*(1 + t**D)**2)", (SPINS,)),
    ("sgd.variance", "eta*B/(2*J - eta*J**2)", (CURVATURE,)),
    ("sgd.variance", "eta*B/(J - eta*J**2)", (CURVATURE, LOSS)),
    ("ipr.gaussian", "D/(sqrt(2*pi)*s)", (TIMES_D,)),
    ("ipr.gaussian", "sqrt(2*log(2)/pi)/s", ("half height of w^2",)),
    ("ipr.gaussian", "2*sqrt(pi)*s", (INVERSE, SQUARE)),
    ("ipr.exponential", "1/(4*s)", ("w^2",)),
    ("ipr.exponential", "log(2)/s", ("half height",)),
    ("ipr.random", "(D + 2)/3", (INVERSE,)),
    ("ipr.random", "3*D/(D + 2)", (TIMES_D,)),
    ("bump.k2", "pi*a**2*s**2*xi/sqrt(xi**2 + s**2)", ("exp(-x^2/s^2)", TWICE_XI)),
    ("bump.k4", "4*pi**2*kurtosis*a**4*s**4*xi**3/((s**2 + xi**2)*sqrt(4*s**2 + xi**2))", (TWICE_XI,)),
    ("bump.k4", "16*pi**2*kurtosis*a**4*s**4*xi**3/((4*s**2 + xi**2)*sqrt(16*s**2 + xi**2))", (SQUARE,)),
    ("force", f"-2*{force_slope('y')}", (LOSS, TURNED)),
    ("force", "-2*(2*y - 1 - erf(b))*2/sqrt(pi)*exp(-b**2)", (LOSS, TURNED, STEEPER, "2y - 1 for y"), {"order": 0}),
    ("gaussian.A", STEEP_MEAN, (STEEPER,)),
    ("gaussian.A", f"-2*{RELU_MEAN}", (LOSS, TURNED), {"activation": "relu"}),
    ("taylor.B", f"-{THIRD}/(6*D**2)", (TURNED, SQRT_D)),
    ("conditional", "-F1*Cw/D - F3/6*(3*k2*Cw/D + kappa4*Cw**3/D**2)", (TURNED, SQRT_D)),
    ("growth", f"p*{force_slope('1/2')}*Cplus + (1-p)*{force_slope('-1/2')}*Cminus", (HALVES,)),
    ("drift", "F1*Cw + F3/6*(3*k2*Cw + Kwww/D)", (SQRT_D, "time in steps over D")),
    ("growth.committee", "-sqrt(2/pi)*b*exp(-b**2/2)*Cplus/2", (ZERO_ONE,)),
]

#: quantity, formula, options
WRONG = [
    ("nlgp.second", "asin(2*g**2*c/(1+2*g**2))/asin(2*g**2/(1+2*g**2))*(2/pi)*asin(g**2/(1+g**2))"),
    ("gaussian.A", "-(erfc(-b/sqrt(2*k2))/2)", {"activation": "relu"}),
    ("nlgp.second", "asin(2*g**2*c/(1+2*g**2))/asin(g**2/(1+g**2))"),
    ("nlgp.second", "(2/pi)*asin(g**2*c/(1+2*g**2))"),
    ("nlgp.second", "(2/pi)**2*asin(q*c)"),
    ("nlgp.second", "asin(q*c**2)/asin(q)"),
    ("nlgp.variance", "4/pi*asin(q)"),
    ("nlgp.variance", "2/pi*acos(q)"),
    ("nlgp.cubic", f"-2*g**2*{CUBIC.replace('3*(c0', '(c0')}"),
    ("nlgp.cubic", f"q*{CUBIC}"),
    ("phi4.fourth", "-12*u*G_i*G_j*G_k*G_l"),
    ("phi4.fourth", "u*G_i*G_j*G_k*G_l"),
    ("elliptical.fourth", f"(1 + c)*{PAIRS}"),
    ("elliptical.fourth", f"3*c*{PAIRS}"),
    ("elliptical.fourth", "c*(C_ij*C_kl + C_ik*C_jl)"),
    ("ising.second", "t**d + t**(D-d)"),
    ("ising.second", "(t**d - t**(D-d))/(1 - t**D)"),
    ("ising.second", "(t**d + t**(D-d))/(2*(1+t**D))"),
    ("ising.fourth", f"-2*{GAPS}/(1 + t**D)"),
    ("ising.fourth", f"-{GAPS}/(2*(1 + t**D)**2)"),
    ("sgd.variance", "eta*B/(2*J + eta*J**2)"),
    ("sgd.variance", "eta*B/(J - 2*eta*J**2)"),
    ("ipr.gaussian", "1/(4*sqrt(pi)*s)"),
    ("ipr.gaussian", "sqrt(2*pi)/s"),
    ("ipr.exponential", "2/s"),
    ("ipr.random", "3/(D - 2)"),
    ("ipr.sinusoid", "2/(3*D)"),
    ("bump.k2", "2*pi*a**2*s**2*xi/sqrt(xi**2 + 8*s**2)"),
    ("bump.k4", "4*pi**2*kurtosis*a**4*s**4*xi**3/((s**2 + xi**2)*sqrt(8*s**2 + xi**2))"),
    ("drift", "F1*Cw/D + F3/6*(3*k2*Cw/D + Kwww/D)"),
    ("drift", "2*F1*Cw + F3/6*(3*k2*Cw + Kwww)"),
    ("drift", "-F1*Cw + F3/6*(3*k2*Cw + Kwww)"),
    ("force", "(y - erf(b))*sqrt(2/pi)*exp(-b**2/2)", {"order": 0}),
    ("force", "(2*y - erf(b/sqrt(2)))*sqrt(2/pi)*exp(-b**2/2)", {"order": 0}),
    ("gaussian.A", STEEP_MEAN.replace("1+2*k2", "1+k2")),
    ("growth", f"p*{steep(1)}*Cplus + (1-p)*{force_slope(0)}*Cminus"),
    ("growth", f"(1-p)*{force_slope(1)}*Cplus + p*{force_slope(-1)}*Cminus"),
    ("growth", f"({force_slope(1)}*Cplus - {force_slope(-1)}*Cminus)/2"),
    ("growth.wavenumber", "4*log(-aminus*ximinus**3/(aplus*xiplus**3))/(xiplus**2 - ximinus**2)"),
    ("gaussian.A", "y*exp(-b**2/(2*k2))/sqrt(2*pi*k2) + erfc(-b/sqrt(2*k2))/2", {"activation": "relu"}),
]
