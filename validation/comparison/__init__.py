"""Theory against SGD: ``compare`` runs closure, ``population``, Langevin runs and SGD.

What is compared are ``quantities`` and ``positions``; ``parts`` splits their differences, ``intervals`` and
``verdicts`` judge them, ``table``, ``words`` and ``result`` are what is returned.
"""
