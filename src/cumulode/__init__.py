"""cumulode: learning dynamics on translation-invariant data from second and fourth cumulants.

The public names (``cumulode.public``) are loaded when first used, so that ``import cumulode`` is quick.
"""

from .public import NAMES, at_top, lazy

__version__ = "0.1.0"

__getattr__, __dir__, _names = lazy(__name__, at_top() | {"validation": ["plots"]}, tuple(NAMES))
__all__ = ["__version__", *_names]
