"""cumulode: learning dynamics on translation-invariant data from second and fourth cumulants.

The public names (``cumulode.public``) are loaded when first used, so that ``import cumulode`` is quick.
"""

import lazy_loader

from .public import NAMES, at_top

__version__ = "0.1.0"

__getattr__, __dir__, _names = lazy_loader.attach(__name__, [*NAMES], at_top() | {"validation": ["plots"]})
__all__ = ["__version__", *_names]
