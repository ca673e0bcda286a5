"""The old place of ``cumulode.plots.factors``; it goes with the next release."""

import warnings

from cumulode.validation.plots.decomposition import factors as factors

warnings.warn("cumulode.validation.plots_cp is now cumulode.validation.plots", FutureWarning, stacklevel=2)
