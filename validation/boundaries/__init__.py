"""Where fields localise: boundaries by root finding, SGD's with errors, refined adaptively."""
