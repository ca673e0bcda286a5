"""Where fields localise: boundaries of the theory by root finding, SGD's with errors, a plane's line refined.

Read ``boundary`` (critical values on lines) with ``axis_range``, ``probe`` (what is evaluated at a point), ``roots``
and ``crossing`` (where it passes the level), ``measured`` (SGD); then ``refinement`` (the line in a plane) with
``learner``. docs/which-boundary.md says which function answers which question.
"""
