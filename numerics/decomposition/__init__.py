"""The fourth cumulant as a sum of localised factors: a convolutional CP decomposition.

Read ``line`` (the objective), ``fit``, ``search``, ``convolutional_cp``, ``result``.
"""
