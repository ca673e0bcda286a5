"""``check``: a formula of one's own against ours.

Read ``quantities`` (what can be checked), ``user_formula`` and ``latex_input`` (how it is read), ``conventions``,
``check``.
"""
