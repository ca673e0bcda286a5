"""Kernels written from theory by ``make generate``, never by hand.

``erf``, ``tanh``, ``relu``, ``softplus``: force and closures of an activation; ``tree`` and ``pearson``: what these
closures need of any; ``nlgp``: its fourth cumulant; ``losses`` and ``network``: of networks and committees;
``noise``: of SGD.
"""
