"""The old place of ``cumulode.plots.phase``; it goes with the next release."""

import warnings

from cumulode.validation.plots.phase import *  # noqa: F403

warnings.warn("cumulode.validation.phase_plots is now cumulode.validation.plots.phase", FutureWarning, stacklevel=2)
