"""Cumulants of the Ising ring, of phi^4 and of elliptical laws; read ``document``, ``phi4``, ``elliptical``."""

from .document import build as build
