"""Folders of unfinished work: the program's own are made, held, and removed; nobody else's is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cumulode.numerics.io.own_folder import LOCK, MARKER, OwnFolder
from cumulode.theory import InvalidArgument

BLOCK = "00000003.block"


def folder_of(out: Path) -> OwnFolder:
    return OwnFolder(out.with_name(out.name + ".parts"), r"\d{8,}\.block", out)


def tree(top: Path) -> dict[str, str]:
    """Every name below, and what it is."""
    return {
        p.relative_to(top).as_posix(): "link" if p.is_symlink() else "folder" if p.is_dir() else p.read_text()
        for p in sorted(top.rglob("*"))
    }


def make_foreign(parts: Path, kind: str) -> None:
    """Something of the user's where the folder should be."""
    if kind == "file":
        parts.write_text("mine")
        return
    there = parts.with_name("elsewhere") if kind.startswith("link") else parts
    there.mkdir()
    if kind != "link":
        (there / ("thesis.tex" if kind != "blocks" else BLOCK)).write_text("mine")
    if kind == "link to ours":
        (there / LOCK).touch()
        (there / MARKER).write_text("{}")
    if kind == "marker is a link":
        (there / MARKER).symlink_to("thesis.tex")
    if there != parts:
        parts.symlink_to("elsewhere")


FOREIGN = ["file", "folder", "blocks", "link", "link with files", "link to ours", "marker is a link"]


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_the_program_did_not_make_is_refused_and_left(kind, tmp_path):
    """Assert one line that names out and the folder, and that nothing of it is changed or read."""
    out = tmp_path / "X.nc"
    make_foreign(tmp_path / "X.nc.parts", kind)
    before, folder = tree(tmp_path), folder_of(out)
    assert folder.files() == []
    with pytest.raises(InvalidArgument, match=r"^out: got '.*X.nc', allowed: .*X.nc.parts is free"), folder.held():
        pass
    assert tree(tmp_path) == before


def test_it_is_made_marked_held_and_removed(tmp_path):
    """Assert a marker within, a refusal of a second holder, and nothing left where nothing is unfinished."""
    folder = folder_of(tmp_path / "X.nc")
    with folder.held():
        assert json.loads((folder.path / MARKER).read_text())["of"] == "X.nc"
        with pytest.raises(InvalidArgument, match="no other sweep"), folder_of(tmp_path / "X.nc").held():
            pass
    assert tree(tmp_path) == {}


def test_unfinished_files_stay_and_temporary_ones_go(tmp_path):
    """Assert that a block outlives the holder, that what a killed process left while it wrote goes, and that files of
    the user's inside stay, and the folder with them, which is the program's at the next run all the same.
    """
    folder = folder_of(tmp_path / "X.nc")
    with folder.held():
        (folder.path / BLOCK).write_text("block")
    assert [p.name for p in folder.files()] == [BLOCK]
    for name in (f".{BLOCK}.ab_12cd9.tmp", ".X.nc.ab_12cd9.tmp"):
        (folder.path / name).write_text("left")
    mine = (".X.nc.tmp", "0.block", "notes.txt", ".Y.nc.ab_12cd9.tmp")
    for name in mine:
        (folder.path / name).write_text("mine")
    (folder.path / "00000009.block").symlink_to("notes.txt")
    with folder.held():
        for block in folder.files():
            block.unlink()
    left = set(tree(folder.path))
    assert left == {*mine, "00000009.block", LOCK, MARKER}
    assert (folder.path / "notes.txt").read_text() == "mine"
    with folder.held():
        assert folder.files() == []


def test_an_empty_folder_of_the_user_s_is_used_and_stays(tmp_path):
    """Assert that it is empty again in the end; one of a version without a marker goes."""
    folder = folder_of(tmp_path / "X.nc")
    folder.path.mkdir()
    with folder.held():
        (folder.path / BLOCK).write_text("block")
    with folder.held():
        (folder.path / BLOCK).unlink()
    assert tree(tmp_path) == {"X.nc.parts": "folder"}
    (folder.path / LOCK).touch()
    (folder.path / BLOCK).write_text("block")
    assert [p.name for p in folder.files()] == [BLOCK]
    with folder.held():
        (folder.path / BLOCK).unlink()
    assert tree(tmp_path) == {}


def test_a_name_with_stars_is_a_name(tmp_path):
    """Assert that the folder of ``*.nc`` neither reads nor removes another output's unfinished files."""
    other, star = folder_of(tmp_path / "Y.nc"), folder_of(tmp_path / "*.nc")
    with other.held():
        for name in (BLOCK, ".Y.nc.ab_12cd9.tmp"):
            (other.path / name).write_text("block")
        (tmp_path / ".Y.nc.ab_12cd9.tmp").write_text("other's")
        before = tree(tmp_path)
        with star.held():
            assert star.files() == []
        assert tree(tmp_path) == before
