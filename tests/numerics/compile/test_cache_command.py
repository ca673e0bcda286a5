"""The cache of kernels can be seen, filled and emptied, and nothing beside it is touched."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from cumulode.numerics.compile import cache
from cumulode.numerics.compile.places import kernel_directory
from cumulode.validation.cli import main


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """A cache with a current and a stale kernel, a generated module, and a file that is not ours."""
    monkeypatch.setenv("CUMULODE_CACHE", str(tmp_path))
    for name, size in (
        (f"kernels/{kernel_directory().name}/a.nbc", 10),
        ("kernels/old/b.nbc", 20),
        ("generated/cumulode_generated_c.py", 5),
        ("mine", 1),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    return tmp_path


def test_where_tells_sizes_and_what_is_stale(filled, capsys):
    """Assert path, bytes, files and the bytes of other versions, as text and JSON."""
    assert main(["cache", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["path"], printed["bytes"], printed["files"], printed["stale_bytes"]) == (str(filled), 36, 4, 20)
    assert main(["cache", "--where"]) == 0
    assert str(filled) in capsys.readouterr().out


def test_clear_stale_keeps_the_current_version(filled, capsys):
    """Assert that only kernels of other versions go."""
    assert main(["cache", "--clear-stale", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed_bytes"] == 20
    assert (kernel_directory() / "a.nbc").exists()
    assert (filled / "generated" / "cumulode_generated_c.py").exists()


def test_clear_removes_what_the_cache_made_and_nothing_else(filled):
    """Assert that kernels and generated modules go and other files stay, whatever the folder is called; an empty cache is no error."""
    (filled / "generated" / "mine.py").write_text("x")
    (filled / "kernels" / "mine").mkdir()
    (filled / "kernels" / "mine" / "notes.txt").write_text("x")
    cache.clear()
    left = sorted(str(path.relative_to(filled)) for path in filled.rglob("*") if path.is_file())
    assert left == ["generated/mine.py", "kernels/mine/notes.txt", "mine"]
    assert cache.clear().size == 3


def test_bad_input_gets_one_line(capsys):
    """Assert exit code 2 for an unknown activation and for two actions at once."""
    assert main(["cache", "--warm", "--activation", "foo"]) == 2
    assert capsys.readouterr().err.startswith("cumulode cache: activation: got 'foo'")
    with pytest.raises(SystemExit, match="2"):
        main(["cache", "--warm", "--clear"])


LOOKED_FOR = """
import sys
from cumulode.numerics.compile import jit
from cumulode.validation.cli import main
real, looked = jit._Cache.load_overload, set()
def load(self, sig, context):
    looked.add(f"{self._impl.filename_base} {sig}")
    return real(self, sig, context)
jit._Cache.load_overload = load
for words in sys.argv[1].split(";"):
    assert main(words.split()) == 0
print("looked for", sorted(looked))
"""


@pytest.mark.slow
def test_warming_makes_all_that_a_later_process_looks_for(tmp_path):
    """Assert that the kernels of solve, SGD and networks are among those made by warming their activation and closures."""

    def kernels(*commands):
        words = [sys.executable, "-c", LOOKED_FOR, ";".join(commands)]
        done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
        return set(ast.literal_eval(done.stdout.rpartition("looked for ")[2]))

    problem = "--activation relu --size 8 --xi-plus 1.5 --time 1 --points 2 --quiet"
    sgd = f"{problem} --learning-rate 0.01 --batch-size 2"
    warmed = kernels("cache --warm --activation relu --closure regression --closure pearson")
    needed = kernels(
        f"solve {problem}", f"solve {problem} --closure pearson", f"sgd {sgd}", f"network {sgd} --hidden 2 --n-test 10"
    )
    assert needed
    assert needed - warmed == set()
