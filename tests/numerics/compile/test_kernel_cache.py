"""The cache of generated modules: written once, shared, and never a reason to fail."""

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cumulode.numerics.compile import closure_kernels, places
from cumulode.numerics.io.atomic import write_bytes
from cumulode.theory.closures.names import CLOSURES

WRITTEN = "h - h**3/6"
NAME = "-h**3/6 + h"  # as Problem.activation holds it
SIGMA_AND_FORCE = f"""
from cumulode.numerics.compile.closure_kernels import activation_kernels
kernels = activation_kernels({NAME!r})
print(float(kernels.sigma(0.3)), float(kernels.force(0.3, 1.0)))
"""
EXPECTED = [0.3 - 0.3**3 / 6, (1 - 0.3 + 0.3**3 / 6) * (1 - 0.3**2 / 2)]
ALL_CLOSURES = f"""
from cumulode.numerics.compile.closure_kernels import coefficients_kernel, potential_kernel
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.theory.closures.names import TWO_TERM, is_gradient
for closure in TWO_TERM:
    A, B, flag = coefficients_kernel({NAME!r}, closure)(0.5, -0.2, 1.0, -0.4, gauss_legendre())
    assert -9 < A < 9 and -9 < B < 9 and flag == 0, closure
    assert (potential_kernel({NAME!r}, closure) is not None) == is_gradient(closure), closure
"""


def start(program, cache, compiled=False, **environment):
    """A Python process with its cache at ``cache``; without numba's compilation unless ``compiled``."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")} | {"CUMULODE_CACHE": str(cache)}
    env |= {} if compiled else {"NUMBA_DISABLE_JIT": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env | environment,
    )


def finish(process):
    """The words it printed; a failure shows its traceback."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-1500:]
    return out.split()


def run(program, cache, compiled=False, **environment):
    return finish(start(program, cache, compiled, **environment))


def check_values(words):
    assert [float(w) for w in words[:2]] == pytest.approx(EXPECTED, rel=1e-14)


def generated(cache):
    return sorted((Path(cache) / "generated").glob("*"))


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """A cache in which the module of the cubic stands, and its text."""
    cache = tmp_path_factory.mktemp("warm")
    check_values(run(SIGMA_AND_FORCE, cache))
    (path,) = generated(cache)
    return path.name, path.read_text()


@pytest.fixture
def cache_with(warm, tmp_path):
    """Make a cache holding the cubic's module with a given text."""

    def make(change=lambda text: text):
        name, text = warm
        (tmp_path / "generated").mkdir(exist_ok=True)
        path = tmp_path / "generated" / name
        path.write_bytes(change(text).encode())
        return tmp_path, path

    return make


# --------------------------------------------------------------------------------------- written once


def test_a_users_activation_is_written_once_and_then_loaded(cache_with, warm):
    """Assert that a second process finds the file, leaves it untouched and does not load the writer."""
    cache, path = cache_with()
    before = path.stat().st_mtime_ns
    words = run(SIGMA_AND_FORCE + "import sys; print('cumulode.numerics.compile.codegen' in sys.modules)", cache)
    check_values(words)
    assert words[2] == "False"
    assert generated(cache) == [path]
    assert path.stat().st_mtime_ns == before
    assert path.read_text() == warm[1]


def test_loading_by_the_canonical_name_needs_no_sympy(cache_with):
    """Assert that once written, a module is loaded without SymPy (Problem itself parses the expression, and needs it)."""
    cache, _ = cache_with()
    words = run(SIGMA_AND_FORCE + "import sys; print('sympy' in sys.modules)", cache)
    check_values(words)
    assert words[2] == "False"


def test_a_problem_with_a_users_activation_runs_from_the_cache(cache_with):
    """Assert that Problem and drift find the same file under the name that Problem keeps."""
    cache, path = cache_with()
    program = (
        "import numpy as np, cumulode\n"
        f"p = cumulode.Problem(cumulode.Ising(t=.5), cumulode.Ising(t=.1), 8, {WRITTEN!r})\n"
        f"assert p.activation == {NAME!r}\n"
        "print(np.abs(cumulode.drift(p)(0.1 * np.arange(8.0))).max() > 0)\n"
    )
    assert run(program, cache) == ["True"]
    assert generated(cache) == [path]


def test_all_closures_stand_in_one_module_and_a_higher_order_in_its_own(cache_with):
    """Assert that the seven closures share the file, while taylor-5 gets one that holds it alone."""
    cache, path = cache_with()
    run(ALL_CLOSURES, cache)
    assert generated(cache) == [path]
    run(ALL_CLOSURES.replace("in TWO_TERM:", "in ('taylor-5',):"), cache)
    assert len(generated(cache)) == 2
    (other,) = set(generated(cache)) - {path}
    assert "CLOSURES = ('taylor-5',)" in other.read_text()


def test_shipped_activations_write_nothing(tmp_path):
    """Assert that a shipped activation leaves the cache of generated modules empty."""
    run(ALL_CLOSURES.replace(repr(NAME), "'softplus'").replace("-9 < B < 9 and flag", "flag"), tmp_path)
    assert generated(tmp_path) == []


@pytest.mark.parametrize("part", ["activation", "closures", "theory", "versions"])
def test_the_name_of_a_module_depends_on_all_it_is_made_from(part, monkeypatch, tmp_path):
    """Assert another file for another activation, other closures, another theory, or another SymPy, which prints otherwise."""
    monkeypatch.setenv("CUMULODE_CACHE", str(tmp_path))

    def name(activation=NAME, closures=("taylor",)):
        closure_kernels._module.cache_clear()
        closure_kernels._generator_stamp.cache_clear()
        return closure_kernels._module(activation, closures).__name__

    first = name()
    if part == "theory":
        (tmp_path / "family.py").write_text("# a changed source")
        sources = [tmp_path / "family.py" if p.name == "family.py" else p for p in closure_kernels._generator_sources()]
        monkeypatch.setattr(closure_kernels, "_generator_sources", lambda: sources)
    elif part == "versions":
        import importlib.metadata

        import sympy

        monkeypatch.setattr(sympy, "__version__", "99.0")
        monkeypatch.setattr(importlib.metadata, "version", lambda _: "99.0")
    assert (
        name("h" if part == "activation" else NAME, ("taylor", "gaussian") if part == "closures" else ("taylor",))
        != first
    )
    closure_kernels._module.cache_clear()
    closure_kernels._generator_stamp.cache_clear()


# ---------------------------------------------------------------------------------- files that are not whole

DAMAGE = {
    "empty": lambda text: "",
    "half a line": lambda text: text[: len(text) // 2],
    "cut before the last function": lambda text: text[: text.rindex("@kernel")],
    "zero bytes": lambda text: "\0" * len(text),
    "not Python": lambda text: "{" + text,
    "another module": lambda text: "x = 1\n",
    "an import that fails": lambda text: "import no_such_module\n" + text,
    "a wrong number": lambda text: text.replace("1.0/6.0", "1.0/7.0", 1),
}


@pytest.fixture
def module_in(monkeypatch):
    """The cubic's module as a new process finds or makes it, in a cache; only the closure taylor."""

    def load(cache):
        monkeypatch.setenv("CUMULODE_CACHE", str(cache))
        closure_kernels._module.cache_clear()
        return closure_kernels._module(NAME, ("taylor",))

    yield load
    closure_kernels._module.cache_clear()


def test_a_damaged_module_is_written_anew(tmp_path, module_in):
    """Assert that whatever stands under the name, the module is whole and right, and the file is repaired."""
    path = Path(module_in(tmp_path).__file__)
    right = path.read_text()
    for name, damage in DAMAGE.items():
        path.write_text(damage(right))
        assert path.read_text() != right, name
        check_values([module_in(tmp_path).sigma.py_func(0.3), EXPECTED[1]])
        assert path.read_text() == right, name
        assert generated(tmp_path) == [path]


def test_a_directory_in_place_of_the_module_does_not_matter(tmp_path, module_in):
    """Assert that what cannot even be replaced is done without."""
    path = Path(module_in(tmp_path).__file__)
    path.unlink()
    (path / "inside").mkdir(parents=True)
    check_values([module_in(tmp_path).sigma.py_func(0.3), EXPECTED[1]])


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    """Assert that a full disk leaves neither half a module nor its temporary file."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    (tmp_path / "generated").mkdir()
    with pytest.raises(OSError, match="No space left"):
        write_bytes(tmp_path / "generated" / "module.py", b"x = 1\n")
    assert generated(tmp_path) == []


# --------------------------------------------------------------------------------- places that cannot be written


def _no_place(kind, tmp_path):
    """A cache directory that cannot be written, for root as well."""
    if kind == "below a file":
        (tmp_path / "file").write_text("")
        return tmp_path / "file" / "cache"
    if kind == "a file":
        (tmp_path / "file").write_text("")
        return tmp_path / "file"
    if kind == "read-only file system":
        return Path("/proc")
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "closed").mkdir(mode=0o500)
    return tmp_path / "closed"


PLACES = ["below a file", "a file", "read-only file system", "read-only directory"]


@pytest.mark.parametrize("kind", PLACES)
def test_without_a_place_to_write_a_users_activation_still_works(kind, tmp_path, module_in):
    """Assert that the module is then made in memory."""
    module = module_in(_no_place(kind, tmp_path))
    check_values([module.sigma.py_func(0.3), EXPECTED[1]])


@pytest.mark.parametrize("kind", PLACES)
def test_without_a_place_to_write_kernels_are_compiled_in_memory(kind, tmp_path):
    """Assert that the cache is done without, and nothing is said about it on standard error."""
    program = "from cumulode.numerics.compile.jit import compiled, f8, kernel\nprint(compiled(kernel(lambda x: 2 * x), f8(f8))(3.0))"
    process = start(program, _no_place(kind, tmp_path), compiled=True)
    assert process.communicate(timeout=120) == ("6.0\n", "")


def test_a_module_that_is_in_a_read_only_cache_is_used(cache_with):
    """Assert that a cache filled by somebody else serves, without being written."""
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    cache, path = cache_with()
    path.parent.chmod(0o500)
    try:
        words = run(SIGMA_AND_FORCE + "import sys; print('sympy' in sys.modules)", cache)
    finally:
        path.parent.chmod(0o700)
    check_values(words)
    assert words[2] == "False"


def test_a_user_without_a_home_has_a_cache_or_none(monkeypatch):
    """Assert that a user id without a home directory (a container's) does not stop the import."""

    for name in ("CUMULODE_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    assert places.cache_directory().is_absolute()
    assert places.cache_directory() == places.cache_directory()


def test_the_place_of_the_cache_is_chosen_by_the_environment(monkeypatch, tmp_path):
    """Assert $CUMULODE_CACHE, then $XDG_CACHE_HOME/cumulode, then ~/.cache/cumulode; empty variables are none, ~ is home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CUMULODE_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert places.cache_directory() == tmp_path / ".cache" / "cumulode"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert places.cache_directory() == tmp_path / "xdg" / "cumulode"
    monkeypatch.setenv("CUMULODE_CACHE", str(tmp_path / "mine"))
    assert places.cache_directory() == tmp_path / "mine"
    monkeypatch.setenv("CUMULODE_CACHE", "~/mine")
    assert places.cache_directory() == tmp_path / "mine"


# --------------------------------------------------------------------------------------- several at once


def test_processes_that_write_at_once_do_not_clash(tmp_path, warm):
    """Assert that two processes started together both get the right values, and one whole file is left."""
    go = time.time() + 1.5  # past the import of both
    program = f"import time, cumulode.numerics\ntime.sleep(max(0, {go!r} - time.time()))\n" + SIGMA_AND_FORCE
    for words in [finish(p) for p in [start(program, tmp_path) for _ in range(2)]]:
        check_values(words)
    (path,) = generated(tmp_path)
    assert (path.name, path.read_text()) == warm


def test_the_default_closures_are_those_of_theory():
    """Assert that kernels are written for every closure there is."""
    assert closure_kernels.CLOSURES is CLOSURES
