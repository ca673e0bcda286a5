"""Training by stochastic gradient descent on fresh samples.

Read ``training`` (what every training shares), ``neuron``, ``network``, ``convolutional``, ``conventions``.
"""
