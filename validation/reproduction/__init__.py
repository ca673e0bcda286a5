"""The paper's claims, each regenerated as numbers with errors, a verdict and a figure: ``cumulode.reproduce``."""
