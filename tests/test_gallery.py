"""The gallery shows what its commands make."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from benchmarks.gallery import MAPS, page
from cumulode.validation.cli import build_parser
from cumulode.validation.cli.commands.phase import sweep_of

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_page_is_written_by_its_program():
    """Assert that docs/gallery.md is what benchmarks.gallery writes, with four maps."""
    assert (DOCS / "gallery.md").read_text() == page()
    assert len(MAPS) == 4


@pytest.mark.parametrize("each", MAPS, ids=lambda each: each.name)
def test_each_figure_says_the_command_that_the_page_shows(each):
    """Assert that the PNG's metadata hold the command on the page, and that it is one that cumulode takes."""
    assert each.line.encode() in (DOCS / "figures" / f"{each.name}.png").read_bytes()
    arguments = shlex.split(each.line)[1:]
    options = build_parser("phase").parse_args(arguments)
    options.arguments = arguments
    axes, problem = sweep_of(options)
    assert len(axes) == 2
    assert problem.size in (40, 60, 100)
