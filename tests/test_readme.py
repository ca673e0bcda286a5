"""Everything the README shows is executed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """Code blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_tour_runs_and_gives_the_numbers_it_states(capsys, tmp_path, monkeypatch):
    """Assert that the Python blocks run one after the other, that the numbers in their comments come out, and that the
    command lines work in the same folder afterwards: as a reader would paste it all.
    """
    monkeypatch.chdir(tmp_path)  # it writes files
    scope: dict = {}
    for block in blocks("python"):
        exec(block, scope)
    printed = capsys.readouterr().out
    assert re.search(r"^6\.45\S* reached t = 150", printed, re.MULTILINE)
    assert abs(scope["control"].ipr[-1] * 40 - 1.0) < 0.05
    for name, ratio in re.findall(r"(gaussian|edgeworth|bimodal|pearson|regression) (\d\.\d\d)", blocks("python")[3]):
        value = float(re.search(rf"^{name} (\S+)", printed, re.MULTILINE)[1])
        assert abs(value - float(ratio)) < 0.006, name
    for line in re.findall(r"^# (equal in .*|different: at .*)$", blocks("python")[5], re.MULTILINE):
        assert all(part in printed for part in line.split(" ... ")), line
    assert "True" in printed  # the potential falls
    stated = re.search(r"# (\[0\.304 .*?\]): below", next(b for b in blocks("python") if "phase_diagram" in b))
    assert stated, "the critical gains"
    assert stated[1] in printed
    assert len(blocks("python")) >= 6
    check_commands(tmp_path)


def check_commands(folder: Path) -> None:
    """Assert that each command line, one after the other, exits with 0 and prints something (draw: its figure alone)."""
    program = Path(sys.executable).parent / "cumulode"
    for line in [line for block in blocks("sh") for line in block.strip().splitlines()]:
        words = shlex.split(line)
        assert words[0] == "cumulode"
        done = subprocess.run(
            [str(program), *words[1:]], cwd=folder, capture_output=True, text=True, env=os.environ, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout or words[1] == "draw", line


def test_the_commands_and_files_named_exist():
    """Assert that make targets, figure and changelog named in the README are there."""
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "quick", "lint", "types", "contract", "generate", "derivations"):
        assert re.search(rf"^[\w ]*\b{target}\b[\w ]*:", makefile, re.MULTILINE), target
    assert (ROOT / re.search(r"!\[.*?\]\((.*?)\)", README)[1]).stat().st_size > 10_000
    for name in ("CHANGELOG.md", "CITATION.cff", "LICENSE", *re.findall(r"\]\((docs/[^)]*|examples/[^)]*)\)", README)):
        assert (ROOT / name).exists()


def test_the_version_is_the_same_everywhere():
    """Assert that package, pyproject and citation state one version."""
    import cumulode

    assert f'version = "{cumulode.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"version: {cumulode.__version__}" in (ROOT / "CITATION.cff").read_text()
