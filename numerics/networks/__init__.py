"""The flow of K neurons with a common output, to third order in the weights.

Read ``right_hand_side``, ``drift``, ``steps`` (its integration), ``result``, ``solve``.
"""
