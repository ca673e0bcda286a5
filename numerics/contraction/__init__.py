"""K(w,w,w) as numbers (theory.md section 5): three methods, and C w.

Read ``form`` (the choice among them, one type for all) and ``names``; ``sorted_list``, the oracle; ``low_rank_setup``
and ``ordered_gap`` for long rings, ``ising_ring`` exactly; ``quadruples``, ``pair_setup``, ``pair_waves`` and
``pair_form`` for small rings and tori; ``second`` and ``convolve`` are what all share.
"""
