"""What steps of finite size add to the flow; read ``document``, then ``step_noise`` and ``squared_force``."""

from .document import build as build
