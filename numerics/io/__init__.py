"""Files whole at any moment (``atomic``), what numbers were made with (``provenance``), ``progress`` as it is shown."""
