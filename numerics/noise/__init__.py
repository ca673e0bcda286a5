"""The noise of SGD from the two cumulants.

Read ``covariance`` (that of one step, N), ``linear`` (the scatter it makes to first order), ``langevin`` (one
trajectory with it) and ``ensemble`` (many, and the bands they make).
"""
