"""Circular convolutional networks of one layer, trained by online SGD on the task of ``validation.sgd.network``.

Read ``engine`` (the compiled steps), ``simulate``.
"""
