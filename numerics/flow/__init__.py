"""The flow of one neuron: right-hand sides of every closure, their integration, and the result.

Read ``right_hand_side`` (closures of two cumulants), ``tree``, ``conditional``, ``exact``, then ``solver`` (the
settings), ``plan`` (which right-hand side), ``solve`` (the steps are in ``numerics.trajectory``), ``watch``,
``ending`` and ``result``; ``drift`` and ``preactivation`` evaluate without integrating.
"""
