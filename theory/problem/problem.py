"""The learning problem: two classes of translation-invariant inputs and one neuron (theory.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from cumulode.theory.user_input.arguments import real

from . import laws
from .lattice import Size, as_size, shape_of, sites_in
from .laws import GP, Law

if TYPE_CHECKING:
    import sympy

    from cumulode.theory.neuron.activations import Activation

#: Activations whose kernels are shipped; any other is parsed as an expression in ``h``.
SHIPPED_ACTIVATIONS = ("erf", "tanh", "relu", "softplus")


@dataclass(frozen=True)
class Problem:
    """One neuron ``phi(x) = sigma(w.x + b)`` learning labels +1 (``plus``) and -1 (``minus``) on a ring or torus.

    The loss is ``(y - phi)^2 / 2``; minus its derivative in ``h`` is the force, eq. (flow.1, force). Time is learning
    rate x steps, eq. (flow.4, gradient flow); with inputs over sqrt D and without the 1/2 it is 2 x learning rate x
    steps / D, eq. (flow.13, their learning rate).

    Parameters
    ----------
    plus, minus : NLGP, GP, Ising or Cumulants
        Laws of the inputs of the two classes.
    size : int >= 4, or (L, L) with an int L >= 4
        Number of sites ``D`` of the ring, or sides of the torus of ``D = L**2`` sites (weights are row-major). The
        attribute ``size`` is always ``D``; ``shape`` is ``(D,)`` or ``(L, L)``.
    activation : str or SymPy expression
        ``"erf"`` (``erf(h/sqrt 2)``), ``"tanh"``, ``"relu"``, ``"softplus"``, or any continuous expression in
        ``h`` such as ``"h - h**3/6"``.
    bias : float
        Fixed bias ``b``, finite.
    prior : float in (0, 1)
        Probability of the class ``plus``.
    shape : tuple, not to be given
        Follows from ``size``. It is a parameter so that ``dataclasses.replace`` keeps a torus a torus: kept where it
        has ``size`` sites, otherwise ``size`` decides.

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
    shape: tuple[int, ...] = field(default=(), kw_only=True)

    if TYPE_CHECKING:  # what may be given for ``size`` is wider than what the attribute is

        def __init__(
            self,
            plus: Law,
            minus: Law,
            size: Size,
            activation: Union[str, sympy.Expr] = "erf",
            bias: float = -1.0,
            prior: float = 0.5,
            *,
            shape: tuple[int, ...] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        for name in ("plus", "minus"):
            laws.check_law(name, getattr(self, name))
        shape = shape_of(self.size)
        if self.shape and sites_in(shape_of(self.shape, "shape")) == shape[0] and len(shape) == 1:
            shape = self.shape
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "size", sites_in(shape))
        object.__setattr__(self, "bias", real("bias", self.bias))
        allowed = "0 < prior < 1"
        object.__setattr__(self, "prior", real("prior", self.prior, gt=0, lt=1, allowed=allowed))
        object.__setattr__(self, "activation", _canonical(self.activation))
        for law in self.laws:
            law.check_size(as_size(shape))

    def __repr__(self) -> str:
        names = ("plus", "minus", "size", "activation", "bias", "prior")
        shown = {name: getattr(self, name) for name in names} | {"size": as_size(self.shape)}
        return f"Problem({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

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
        return Problem(GP(self.plus), GP(self.minus), as_size(self.shape), self.activation, self.bias, self.prior)

    def symbolic_activation(self) -> Activation:
        """The activation as a SymPy object (imports SymPy)."""
        from cumulode.theory.neuron.activations import parse

        return parse(self.activation)

    def to_dict(self) -> dict[str, Any]:
        """All parameters as plain values, for provenance and JSON; ``Problem.from_dict`` is its inverse."""
        return {
            "plus": self.plus.to_dict(),
            "minus": self.minus.to_dict(),
            "size": self.size if len(self.shape) == 1 else list(self.shape),
            "activation": self.activation,
            "bias": self.bias,
            "prior": self.prior,
        }

    @classmethod
    def from_dict(cls, parameters: Any) -> Problem:
        """The problem that ``to_dict`` described.

        Raises InvalidArgument naming ``parameters`` where that is no such dictionary, or what is wrong in it.
        """
        names = ("plus", "minus", "size", "activation", "bias", "prior")
        rest = laws.named("parameters", parameters, names, required=names[:3])
        if isinstance(rest["size"], list):  # JSON knows no tuples
            rest["size"] = tuple(rest["size"])
        return cls(plus=laws.from_dict(rest.pop("plus")), minus=laws.from_dict(rest.pop("minus")), **rest)


def _canonical(activation: object) -> str:
    """A shipped name as it is; anything else parsed, and written back as SymPy prints it."""
    if isinstance(activation, str) and activation in SHIPPED_ACTIVATIONS:
        return activation
    from cumulode.theory.neuron.activations import parse

    return parse(activation).name
