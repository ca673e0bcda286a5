"""The flow of one neuron: right-hand sides of every closure, their integration, and the result.

Read ``right_hand_side`` (closures of two cumulants), ``tree``, ``conditional``, ``exact``, then ``plan`` (which one),
``dormand_prince``, ``solve``, ``result``; ``drift`` and ``preactivation`` evaluate without integrating.
"""
