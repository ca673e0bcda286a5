"""Files whole at any moment (``atomic``), locks that are ``waiting`` for each other, what numbers were made with
(``provenance``), ``progress`` as it is shown."""
