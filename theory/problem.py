"""The learning problem: two classes of translation-invariant inputs and one neuron (theory.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from . import laws
from .laws import GP, NLGP, Ising, Law
from .validate import complain, finite, integer, real

if TYPE_CHECKING:
    import sympy

    from .activations import Activation

#: Activations whose kernels are shipped; any other is parsed as an expression in ``h``.
SHIPPED_ACTIVATIONS = ("erf", "tanh", "relu", "softplus")


@dataclass(frozen=True)
class Problem:
    """One neuron ``phi(x) = sigma(w.x + b)`` learning labels +1 (``plus``) and -1 (``minus``) on a ring.

    The loss is ``(y - phi)^2 / 2``; minus its derivative in ``h`` is the force, eq. (flow.1, force). Time is learning
    rate x steps, eq. (flow.4, gradient flow); with inputs over sqrt D and without the 1/2 it is 2 x learning rate x
    steps / D, eq. (flow.13, their learning rate).

    Parameters
    ----------
    plus, minus : NLGP, GP or Ising
        Laws of the inputs of the two classes.
    size : int >= 4
        Number of sites ``D`` of the ring.
    activation : str or SymPy expression
        ``"erf"`` (``erf(h/sqrt 2)``), ``"tanh"``, ``"relu"``, ``"softplus"``, or any continuous expression in
        ``h`` such as ``"h - h**3/6"``.
    bias : float
        Fixed bias ``b``, finite.
    prior : float in (0, 1)
        Probability of the class ``plus``.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed; also when a law does not exist at this size.
    """

    plus: Law
    minus: Law
    size: int
    activation: Union[str, sympy.Expr] = "erf"
    bias: float = -1.0
    prior: float = 0.5

    def __post_init__(self) -> None:
        for name in ("plus", "minus"):
            if not isinstance(getattr(self, name), (NLGP, GP, Ising)):
                raise complain(name, getattr(self, name), "a law: NLGP(...), GP(...) or Ising(...)")
        if isinstance(self.size, tuple):
            raise complain("size", self.size, "an integer >= 4, a ring (tori are not built yet)")
        object.__setattr__(self, "size", integer("size", self.size, "an integer >= 4", low=4))
        object.__setattr__(self, "bias", finite("bias", self.bias))
        allowed = "0 < prior < 1"
        object.__setattr__(
            self, "prior", real("prior", self.prior, allowed, low=0, high=1, open_low=True, open_high=True)
        )
        object.__setattr__(self, "activation", _canonical(self.activation))
        for law in self.laws:
            law.check_size(self.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sites in each direction: ``(D,)``, a ring."""
        return (self.size,)

    @property
    def laws(self) -> tuple[Law, Law]:
        """The laws in the order of all arrays: plus first."""
        return (self.plus, self.minus)

    @property
    def labels(self) -> tuple[float, float]:
        """The labels of the two classes."""
        return (1.0, -1.0)

    @property
    def priors(self) -> tuple[float, float]:
        """The probabilities of the two classes."""
        return (self.prior, 1.0 - self.prior)

    def gaussian_control(self) -> Problem:
        """The same problem with Gaussian inputs of the same second cumulants."""
        return Problem(GP(self.plus), GP(self.minus), self.size, self.activation, self.bias, self.prior)

    def symbolic_activation(self) -> Activation:
        """The activation as a SymPy object (imports SymPy)."""
        from .activations import parse

        return parse(self.activation)

    def to_dict(self) -> dict[str, Any]:
        """All parameters as plain values, for provenance and JSON; ``Problem.from_dict`` is its inverse."""
        return {
            "plus": self.plus.to_dict(),
            "minus": self.minus.to_dict(),
            "size": self.size,
            "activation": self.activation,
            "bias": self.bias,
            "prior": self.prior,
        }

    @classmethod
    def from_dict(cls, parameters: dict[str, Any]) -> Problem:
        """The problem that ``to_dict`` described."""
        rest = dict(parameters)
        return cls(plus=laws.from_dict(rest.pop("plus")), minus=laws.from_dict(rest.pop("minus")), **rest)


def _canonical(activation: object) -> str:
    """A shipped name as it is; anything else parsed, and written back as SymPy prints it."""
    if isinstance(activation, str) and activation in SHIPPED_ACTIVATIONS:
        return activation
    from .activations import parse

    return parse(activation).name
