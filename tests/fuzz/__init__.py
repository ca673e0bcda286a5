"""Random calls of the Python interface and random command lines, each watched: no traceback, no hang, no silent NaN, no
input changed.

``values``: what arguments are drawn from, good and bad. ``calls``: a strategy for every public function; ``commands``:
one for every command. ``guard`` runs a case and says what is wrong with it; ``__main__`` runs thousands
(``make fuzz``), ``test_fuzz`` some hundreds, and plants the faults that must be seen.
"""
