"""``check``: a formula of one's own against ours.

Read ``quantities`` (what can be checked), ``user_formula`` and ``latex_input`` (how it is read), ``conventions`` (how
several compose) and ``convention_list``, ``comparing`` (the verdict), ``parting`` (at which
order two formulas part), ``result``, ``check``.
"""
