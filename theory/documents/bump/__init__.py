"""Localised fields as Gaussian bumps.

Read ``document``, then ``taylor_bump`` (the Taylor closure) and ``participation`` (states that are not localised).
"""

from .document import build as build
