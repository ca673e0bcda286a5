"""What a user gives, read or refused: arguments in range (``arguments``), formulas as text (``formulas``)."""
