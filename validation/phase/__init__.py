"""Phase diagrams: sweeps over parameters, on disk as they grow."""

from .measures import MEASURES
from .sweep import SweepWarning, open_phase, phase_diagram

__all__ = ["MEASURES", "SweepWarning", "open_phase", "phase_diagram"]
