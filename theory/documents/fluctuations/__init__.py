"""What steps of finite size add to the flow; read ``document``, then ``step_noise``."""

from .document import build as build
