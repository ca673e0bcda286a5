"""Kernels as JavaScript give the numbers that numba's do, and refuse what they have no words for."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from cumulode.numerics.compile import generated
from cumulode.numerics.compile.closure_kernels import coefficients_kernel
from cumulode.numerics.compile.javascript import erf
from cumulode.numerics.compile.javascript.translate import MODULO, translate
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.numerics.contraction import convolve as convolve_source
from cumulode.numerics.contraction import ordered_gap as ordered_gap_source
from cumulode.numerics.contraction.ordered_gap import ordered_gap
from cumulode.theory import NLGP

GENERATED = Path(generated.__file__).parent
#: Largest relative difference allowed: bimodal and pearson divide differences of averages at small kappa.
CLOSURES = {
    "taylor": 1e-12,
    "gaussian": 1e-12,
    "edgeworth": 1e-11,
    "regression": 1e-10,
    "pearson": 1e-6,
    "bimodal": 1e-6,
}


def run(source):
    """What a program prints as JSON."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: nothing here was tested")
    return json.loads(subprocess.run([node, "-"], input=source, capture_output=True, text=True, check=True).stdout)


def test_erf_is_erf():
    """Assert 4e-16 over [-7, 7] against SciPy's, infinities and NaN."""
    x = np.concatenate([np.linspace(-7, 7, 4001), [5.999999, 6.0, 0.5, -0.5, 1e-300]])
    found = run(f"{erf.source()}\nconsole.log(JSON.stringify({json.dumps(x.tolist())}.map(erf)))")
    np.testing.assert_allclose(found, special.erf(x), rtol=0, atol=4e-16)
    ends = run(f"{erf.source()}\nconsole.log(JSON.stringify([erf(Infinity), erf(-Infinity), Number.isNaN(erf(NaN))]))")
    assert ends == [1, -1, True]


@pytest.mark.parametrize("activation", ["erf", "tanh", "softplus", "relu"])
def test_coefficients_are_those_of_the_compiled_kernels(activation):
    """Assert A, B and flags of all closures at 60 random (k2, kappa, label, bias): seed 0; relative to the larger of the
    coefficient and 1e-3.
    """
    rng = np.random.default_rng(0)
    points = [
        [float(k2), float(kappa * k2**2), float(y), float(b)]
        for k2, kappa, y, b in zip(
            10 ** rng.uniform(-5, 1, 60), rng.uniform(-1.99, 2.9, 60), rng.choice([-1, 1], 60), rng.uniform(-2, 2, 60),
            strict=True,
        )
    ]  # fmt: skip
    names = [f"{closure}_coefficients" for closure in CLOSURES]
    kernels = translate((GENERATED / f"{activation}.py").read_text(), names)
    rule = gauss_legendre()
    lines = [erf.source(), kernels, f"const rule = {json.dumps(rule.tolist())}, points = {json.dumps(points)};"]
    lines.append(f"console.log(JSON.stringify([{', '.join(names)}].map(f => points.map(p => f(...p, rule)))));")
    for (closure, allowed), found in zip(CLOSURES.items(), run("\n".join(lines)), strict=True):
        kernel = coefficients_kernel(activation, closure)
        known = np.array([kernel(*p, rule) for p in points])
        difference = np.abs(np.array(found, float) - known) / np.maximum(np.abs(known), 1e-3)
        assert difference.max() < allowed, closure


def test_a_wrong_sign_would_show():
    """Assert that a kernel whose sign is turned is not that of numba."""
    source = (GENERATED / "erf.py").read_text().replace("x2 = y - math.erf", "x2 = y + math.erf")
    kernels = translate(source, ["regression_coefficients"])
    rule = gauss_legendre()
    call = f"console.log(JSON.stringify(regression_coefficients(1.0, -1.0, 1.0, -1.0, {json.dumps(rule.tolist())})))"
    found = run("\n".join([erf.source(), kernels, call]))
    assert abs(found[0] - coefficients_kernel("erf", "regression")(1.0, -1.0, 1.0, -1.0, rule)[0]) > 0.01


@pytest.mark.parametrize(("gain", "xi", "size"), [(3.0, 4.0, 40), (1.0, 1.0, 41), (10.0, 2.5, 64)])
def test_contractions_are_those_of_the_compiled_kernel(gain, xi, size):
    """Assert K(w,w,w) of the ordered-gap kernel to 1e-13 of its largest, from the same factors: three random fields."""
    form = ordered_gap(NLGP(gain, xi), size, 1e-3)
    sources = "\n".join(inspect.getsource(module) for module in (convolve_source, ordered_gap_source))
    kernels = MODULO + translate(sources, ["contract"])
    fields = np.random.default_rng(0).standard_normal((3, size))
    tables = [json.dumps(table.tolist()) for table in form.tables]
    lines = [kernels, "const row = x => Float64Array.from(x), rows = x => x.map(row);"]
    lines.append(
        f"const A = rows({tables[0]}), B = ({tables[1]}).map(rows), kappa = row({tables[2]}), taps = rows({tables[3]});"
    )
    lines.append(
        f"const scratch = Array.from({{length: {len(form.scratch())}}}, () => new Float64Array({form.scratch().shape[1]}));"
    )
    call = "const out = new Float64Array(w.length); contract(row(w), out, A, B, kappa, taps, scratch); return Array.from(out);"
    lines.append(f"console.log(JSON.stringify({json.dumps(fields.tolist())}.map(w => {{ {call} }})));")
    found = np.array(run("\n".join(lines)))
    for w, got in zip(fields, found, strict=True):
        known = np.empty(size)
        ordered_gap_source.contract(w, known, *form.tables, form.scratch())
        np.testing.assert_allclose(got, known, rtol=0, atol=1e-13 * np.abs(known).max())


@pytest.mark.parametrize(
    "body",
    ["return [a for a in x]", "return lambda: x", "return x is x", "return np.fft.fft(x)",
     "return x if 0 < x < 1 else 0", "for i in range(4, 0, -2):\n        x = i", "return x[0:4:2]", "x: int = 3"],
)  # fmt: skip
def test_what_has_no_translation_is_refused(body):
    """Assert an error that names the line and what stands there."""
    with pytest.raises(ValueError, match=r"line \d: no translation for '"):
        translate(f"def f(x):\n    {body}\n", ["f"])
