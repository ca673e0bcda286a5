"""The noise of SGD from the two cumulants. Read ``covariance``: that of one step, N."""

from .covariance import noise_covariance as noise_covariance
