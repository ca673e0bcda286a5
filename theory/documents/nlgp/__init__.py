"""Cumulants of the non-linear Gaussian process; read ``document``, ``plackett``, ``small_gain``."""

from .document import build as build
