"""Two-layer networks trained by online SGD: committees and trained readouts (theory.md section 1).

Read ``settings`` (what is trained, checked), ``engine`` (the compiled steps), ``jobs`` (the runs of a call),
``held_out`` (loss and accuracy on other inputs), ``result``, ``simulate``.
"""
