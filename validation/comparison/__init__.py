"""Theory against SGD, quantity by quantity: ``compare`` runs both, ``table`` judges, ``result`` is what is returned."""
