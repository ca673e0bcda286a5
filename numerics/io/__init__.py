"""Files: whole at any moment (``atomic``), netCDF with ``checksums`` (``netcdf``), folders of the program's own
(``own_folder``), locks that are ``waiting`` for each other; what numbers were made with (``provenance``); ``progress``
as it is shown.
"""
