"""What the equations are: laws, activations, cumulants, drift and closures as SymPy expressions."""

from .laws import GP, NLGP, Ising
from .problem import Problem

__all__ = ["GP", "NLGP", "Ising", "Problem"]
