"""Training by stochastic gradient descent on fresh samples.

Read ``settings`` (the rule of SGD), ``training`` (what every training shares), ``neuron``, ``network``,
``convolutional``, ``conventions`` (of the paper), ``decay`` (weights that are nothing but noise). ``seeds`` and
``starts`` read seeds and draw random starts;
``old_arguments`` keeps arguments that changed for one release.
"""
