"""Cumulants.

Moments and cumulants over set partitions (``partitions``), those of each law, and the cubic form K(w,w,w).

Read ``partitions``, ``nlgp``, ``plackett``, ``ising``, ``phi4``, ``elliptical``, ``cubic``.
"""
