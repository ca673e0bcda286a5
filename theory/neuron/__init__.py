"""One neuron: activations and how they are read, losses, and Gaussian averages of the force.

Read ``activations``, ``activation_input``, ``losses``, ``gaussian``.
"""
