"""Phase diagrams: sweeps over parameters, on disk as they grow."""

from .files import SweepWarning, open_phase
from .measures import MEASURES
from .phase_diagram import phase_diagram

__all__ = ["MEASURES", "SweepWarning", "open_phase", "phase_diagram"]
