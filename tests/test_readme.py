"""Everything that README and the pages of docs/ show is executed, and gives what their comments state."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
#: Pages written by a program, whose commands take hours.
GENERATED = ("gallery.md",)
PAGES = [
    page.relative_to(ROOT).as_posix()
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if page.name not in GENERATED and re.search(r"```(python|sh)\n", page.read_text())
]
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of one language on a page, in order."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def stated(block: str, node: ast.stmt) -> str:
    """The comment on the last line of a statement that prints, or on the lines after it."""
    lines = block.splitlines()
    last = lines[(node.end_lineno or 1) - 1][node.end_col_offset or 0 :]
    comment = [last.strip()] if last.strip().startswith("#") else []
    for line in lines[node.end_lineno or 1 :]:
        if not line.startswith("#"):
            break
        comment.append(line)
    return " ".join(line.lstrip("# ") for line in comment)


def check_output(comment: str, printed: str) -> None:
    """Assert that the numbers before a colon are the first ones printed; without numbers, that the words are there."""
    numbers = NUMBER.findall(comment.split(":")[0])
    if not numbers:
        assert all(part in printed for part in comment.split(" ... ")), (comment, printed)
        return
    for written, value in zip(numbers, NUMBER.findall(printed), strict=False):
        digits = len(written.partition(".")[2])
        assert abs(float(value) - float(written)) <= 0.6 * 10**-digits, (comment, printed)
    assert len(NUMBER.findall(printed)) >= len(numbers), (comment, printed)


def run_block(block: str, scope: dict) -> int:
    """Run a block statement by statement; returns how many comments were checked."""
    checked = 0
    for node in ast.parse(block).body:
        captured = io.StringIO()
        with contextlib.redirect_stdout(captured):
            exec(compile(ast.Module([node], []), "page", "exec"), scope)
        comment = stated(block, node) if "print(" in ast.unparse(node) else ""
        if comment:
            check_output(comment, captured.getvalue())
            checked += 1
    return checked


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_and_gives_the_numbers_it_states(page, tmp_path, monkeypatch):
    """Assert that the Python blocks run one after the other, that what their comments state comes out, and that the
    command lines work in the same folder afterwards: as a reader would paste it all.
    """
    monkeypatch.chdir(tmp_path)  # it writes files
    monkeypatch.setenv("MPLBACKEND", "agg")
    scope: dict = {}
    checked = sum(run_block(block, scope) for block in blocks(page, "python"))
    assert checked >= {"README.md": 4, "docs/how-to/flows.md": 6, "docs/how-to/check-a-formula.md": 2}.get(page, 0)
    check_commands(page, tmp_path)


def check_commands(page: str, folder: Path) -> None:
    """Assert that each command line, one after the other, exits with 0 and prints something (draw: its figure alone)."""
    program = Path(sys.executable).parent / "cumulode"
    for line in [line for block in blocks(page, "sh") for line in block.strip().splitlines()]:
        words = shlex.split(line)
        assert words[0] == "cumulode"
        done = subprocess.run(
            [str(program), *words[1:]], cwd=folder, capture_output=True, text=True, env=os.environ, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout or words[1] == "draw", line


def test_every_part_of_the_tour_is_on_a_page():
    """Assert that the pages show every command, and enough of the functions; and that the README's tour is short."""
    shown = {shlex.split(line)[1] for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()}
    assert shown >= {"solve", "sgd", "compare", "derive", "check", "phase", "draw", "rerun", "network", "reproduce"}
    assert sum(len(blocks(page, "python")) for page in PAGES) >= 16
    tour = README[README.index("## A tour") : README.index("## What there is")]
    assert len(tour.splitlines()) <= 60


def test_a_wrong_number_on_a_page_is_seen():
    """Assert that a number, a word and a missing number in a comment are each compared with what is printed."""
    run_block("print(1.23456)  # 1.235: fine\n", {})
    for wrong in ("print(1.23)  # 1.25\n", "print(1)  # 1 2\n", "print('a')\n# b ... c\n"):
        with pytest.raises(AssertionError):
            run_block(wrong, {})


def test_the_commands_and_files_named_exist():
    """Assert that make targets, figure and changelog named in the README are there."""
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "quick", "lint", "types", "contract", "generate", "derivations"):
        assert re.search(rf"^[\w ]*\b{target}\b[\w ]*:", makefile, re.MULTILINE), target
    assert (ROOT / re.search(r"!\[.*?\]\((.*?)\)", README)[1]).stat().st_size > 10_000
    for name in ("CHANGELOG.md", "CITATION.cff", "LICENSE"):
        assert (ROOT / name).exists()


def test_the_version_is_the_same_everywhere():
    """Assert that package, pyproject and citation state one version."""
    import cumulode

    assert f'version = "{cumulode.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"version: {cumulode.__version__}" in (ROOT / "CITATION.cff").read_text()
