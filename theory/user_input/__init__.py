"""What a user gives, read or refused, and the one place where errors about it are worded.

Read ``arguments`` (numbers in range, choices, the errors), ``arrays`` (real numbers as NumPy has them), ``options``
(objects such as Solver), ``formulas`` (formulas as text), ``budget`` and ``worker`` (a second process that works out
text and always ends), ``deprecation`` (old names of arguments), ``printable`` (nothing that a terminal acts on). All
but formulas import no SymPy.
"""
