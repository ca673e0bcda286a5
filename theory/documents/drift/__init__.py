"""The population drift in cumulants; read ``document``, then ``force`` (derivatives of one activation's force)."""

from .document import build as build
