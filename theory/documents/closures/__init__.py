"""From a law of the preactivation to the coefficients of the drift.

Read ``document``, ``pearson_steps``, ``tree_steps``, ``closed_averages`` (one activation).
"""

from .document import build as build
