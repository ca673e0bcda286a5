"""The paper's claims, each regenerated as numbers with errors, a verdict and a figure: ``cumulode.reproduce``.

Read ``criteria`` (what claims are held to), ``claim`` (what a claim is), ``parts`` (its work, kept on disk),
``findings`` (numbers and verdicts), then a file of ``claims``; ``run`` goes through them and ``page`` words the result.
``networks``, ``units`` and ``drawing`` are what the claims share.
"""
