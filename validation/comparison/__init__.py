"""Theory against SGD, quantity by quantity: ``comparison`` computes, ``table`` judges and shows."""
