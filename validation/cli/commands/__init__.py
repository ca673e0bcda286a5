"""One command a file: ``add_options(parser)`` says what it takes, ``run(options)`` does it and returns the exit code.

A file may also state ``RENAMED`` (old option -> new option) and ``NAMES`` (argument of the function -> option, where
they differ). ``cumulode.validation.cli.COMMANDS`` lists the commands; a new one is a file here and a line there.

Theory: ``derive``, ``check``, ``solve``; SGD: ``sgd``, ``network``, ``compare``; phase diagrams: ``phase``, ``draw``,
``rerun``; ``reproduce`` (the paper's claims) and ``cache`` (of kernels).
"""
