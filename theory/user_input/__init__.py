"""What a user gives, read or refused, and the one place where errors about it are worded.

Read ``arguments`` (numbers in range, choices, the errors), ``formulas`` (formulas as text), ``deprecation`` (old names
of arguments). The first and the last import no SymPy.
"""
