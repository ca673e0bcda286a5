"""Phase diagrams: sweeps over parameters, on disk as they grow.

Read ``phase_diagram`` first; then what decides a run (``protocol``, ``settings``), what is computed (``layers``,
``measures``), where (``work`` at one point, ``scheduling`` of many), the numbers in memory and on disk (``table``,
``store``, ``files``), and what is done with a file (``rerun``, ``summary``).
"""

from .files import SweepWarning, open_phase
from .measures import MEASURES
from .phase_diagram import phase_diagram

__all__ = ["MEASURES", "SweepWarning", "open_phase", "phase_diagram"]
