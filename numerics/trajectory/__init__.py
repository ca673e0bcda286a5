"""One trajectory: its steps, and how it is seen that nothing more will change.

Read ``dormand_prince`` (the steps), ``growth`` (rates about w = 0), ``jacobian``, ``rest`` (stable states), ``decay``
(weights that become nothing), ``run``.
"""
