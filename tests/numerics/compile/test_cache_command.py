"""The cache of kernels can be seen, filled and emptied, and nothing beside it is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cumulode.numerics.compile import cache
from cumulode.numerics.compile.jit import kernel_directory
from cumulode.validation.cli import main


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """A cache with a current and a stale kernel, a generated module, and a file that is not ours."""
    monkeypatch.setenv("CUMULODE_CACHE", str(tmp_path))
    for name, size in (
        (f"kernels/{kernel_directory().name}/a.nbc", 10),
        ("kernels/old/b.nbc", 20),
        ("generated/c.py", 5),
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
    assert (filled / "generated" / "c.py").exists()


def test_clear_removes_what_the_cache_made_and_nothing_else(filled):
    """Assert that kernels and generated modules go and another file stays; clearing an empty cache is no error."""
    cache.clear()
    assert [path.name for path in filled.iterdir()] == ["mine"]
    assert cache.clear().size == 1


def test_bad_input_gets_one_line(capsys):
    """Assert exit code 2 for an unknown activation and for two actions at once."""
    assert main(["cache", "--warm", "--activation", "foo"]) == 2
    assert capsys.readouterr().err.startswith("cumulode cache: activation: got 'foo'")
    with pytest.raises(SystemExit, match="2"):
        main(["cache", "--warm", "--clear"])


@pytest.mark.slow
def test_after_warming_the_next_process_compiles_nothing(tmp_path):
    """Assert that warming one activation and two closures leaves kernels that solve, SGD and networks find: no new file appears."""
    environment = {**os.environ, "CUMULODE_CACHE": str(tmp_path)}

    def run(*words):
        code = "import sys; from cumulode.validation.cli import main; sys.exit(main(sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=True
        )

    run("cache", "--warm", "--activation", "relu", "--closure", "regression", "--closure", "pearson")
    before = sorted(str(path) for path in tmp_path.rglob("*.nbc"))
    assert before
    problem = ("--activation", "relu", "--size", "8", "--xi-plus", "1.5", "--time", "1", "--points", "2")
    run("solve", *problem)
    run("solve", *problem, "--closure", "pearson")
    run("sgd", *problem, "--learning-rate", "0.01", "--batch-size", "2")
    run("network", *problem, "--hidden", "2", "--test", "10")
    assert sorted(str(path) for path in tmp_path.rglob("*.nbc")) == before
