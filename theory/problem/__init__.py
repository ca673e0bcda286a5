"""What is learnt.

Laws of the inputs, the lattice they live on, covariances, the problem, and the axes along which it is swept.

Read ``lattice``, ``covariance``, ``laws``, ``measured_cumulants``, ``problem``, ``axes``.
"""
