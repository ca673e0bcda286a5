"""Linear growth about w = 0; read ``document``, then ``bias`` (role of the bias, committees)."""

from .document import build as build
