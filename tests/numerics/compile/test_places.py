"""The cache is used only where nobody but the user and root could change what runs."""

from __future__ import annotations

import hashlib
import os
import pickle
from types import SimpleNamespace

import pytest

from cumulode.numerics.compile import closure_kernels, places
from cumulode.numerics.compile.kernel_files import KernelFiles

grp, pwd = pytest.importorskip("grp"), pytest.importorskip("pwd")

ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
SOMEBODY = 12345


@pytest.fixture(autouse=True)
def one_look(monkeypatch, tmp_path):
    """A cache is looked at once a process; here, once a test."""
    tmp_path.chmod(0o755)
    for one in (places._may_be_used, places._own_directory, places._has_no_other_member):
        one.cache_clear()
    yield
    for one in (places._may_be_used, places._own_directory, places._has_no_other_member):
        one.cache_clear()


def chosen(monkeypatch, path):
    """The directory used where ``path`` is wanted."""
    monkeypatch.setenv("CUMULODE_CACHE", str(path))
    return places.cache_directory()


def a_link(tmp_path):
    """A cache behind two links, the second in a folder of its own."""
    (tmp_path / "real").mkdir()
    (tmp_path / "way").mkdir()
    (tmp_path / "way" / "on").symlink_to("../real")
    (tmp_path / "cache").symlink_to(tmp_path / "way" / "on")
    return tmp_path / "cache"


def a_folder(tmp_path):
    """A cache that has been used."""
    for folder in (places.kernel_directory().name, "x"):
        places.make(tmp_path / "home" / "cache" / "kernels" / folder)
    places.make(tmp_path / "home" / "cache" / "generated")
    return tmp_path / "home" / "cache"


KERNELS = f"home/cache/kernels/{places._VERSION}"
USED = {
    "as it is made": (a_folder, lambda top: None),
    "readable by all": (a_folder, lambda top: (top / "home/cache").chmod(0o755)),
    "in a folder as /tmp is": (a_folder, lambda top: (top / "home").chmod(0o1777)),
    "not there yet": (lambda top: top / "a" / "b", lambda top: None),
    "links": (a_link, lambda top: None),
    "not the user's, but not used either": (a_folder, lambda top: (top / "home/cache/kernels/x").chmod(0o777)),
}
REFUSED = {
    "anybody writes": (a_folder, "home/cache", 0o777, None),
    "a group writes": (a_folder, "home/cache", 0o775, SOMEBODY),
    "anybody writes to a part": (a_folder, "home/cache/generated", 0o1777, None),
    "anybody writes to the kernels": (a_folder, KERNELS, 0o777, None),
    "anybody replaces it": (a_folder, "home", 0o777, None),
    "anybody replaces what a link goes through": (a_link, "way", 0o777, None),
    "anybody replaces what a link goes to": (a_link, "real", 0o777, None),
}


@pytest.mark.parametrize("case", USED)
def test_a_cache_that_nobody_else_can_change_is_used(case, tmp_path, monkeypatch, capsys):
    """Assert that it is taken without a word."""
    make, change = USED[case]
    cache = make(tmp_path)
    change(tmp_path)
    assert chosen(monkeypatch, cache) == cache
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("case", REFUSED)
def test_a_cache_that_others_can_change_is_not_used(case, tmp_path, monkeypatch, capsys):
    """Assert one line that names the place and its mode, and a directory of the process's own instead."""
    make, place, mode, group = REFUSED[case]
    cache = make(tmp_path)
    if group is not None:
        if os.getuid() != 0:
            pytest.skip("only root can change to any group")
        os.chown(tmp_path / place, -1, group)
    (tmp_path / place).chmod(mode)
    own = chosen(monkeypatch, cache)
    assert own not in (cache, *cache.parents)
    assert own == places.cache_directory()
    assert own.stat().st_mode & 0o777 == 0o700
    assert places.is_private()
    (line,) = capsys.readouterr().err.splitlines()
    assert f"the cache {cache} is not used" in line
    assert f"{tmp_path / place} can be written by others (mode {mode:o})" in line


@ROOT
@pytest.mark.parametrize("place", ["home/cache", KERNELS, "home"])
def test_a_cache_of_somebody_else_is_not_used(place, tmp_path, monkeypatch, capsys):
    """Assert that root does not run what another user owns, nor what lies in a folder of theirs."""
    cache = a_folder(tmp_path)
    os.chown(tmp_path / place, SOMEBODY, -1)
    assert chosen(monkeypatch, cache) != cache
    assert f"{tmp_path / place} is owned by user {SOMEBODY}, neither you nor root" in capsys.readouterr().err


@ROOT
def test_a_link_of_somebody_else_is_not_followed(tmp_path, monkeypatch, capsys):
    """Assert that a link whose owner could turn it elsewhere is refused."""
    cache = a_link(tmp_path)
    os.chown(cache, SOMEBODY, -1, follow_symlinks=False)
    assert chosen(monkeypatch, cache) != cache
    assert f"{cache} is owned by user" in capsys.readouterr().err


@pytest.mark.parametrize(("members", "used"), [([], True), (["bob"], False)])
def test_a_group_of_the_user_alone_is_nobody_else(members, used, tmp_path, monkeypatch):
    """Assert that mode 775 will do where the group is the user's own, as on systems that give each user one."""
    cache = a_folder(tmp_path)
    cache.chmod(0o775)
    own = SimpleNamespace(gr_name=pwd.getpwuid(os.getuid()).pw_name, gr_mem=members)
    monkeypatch.setattr(grp, "getgrgid", lambda group: own)
    assert (chosen(monkeypatch, cache) == cache) == used


def test_a_file_that_others_can_write_is_not_read(tmp_path, capsys):
    """Assert that such a file is none, with a line that names it; and one of the user's own is read."""
    (tmp_path / "file").write_bytes(b"code")
    (tmp_path / "file").chmod(0o644)
    assert places.read(tmp_path / "file") == b"code"
    (tmp_path / "file").chmod(0o666)
    assert places.read(tmp_path / "file") is None
    assert f"{tmp_path / 'file'} can be written by others (mode 666); made anew" in capsys.readouterr().err
    assert places.read(tmp_path / "none") is None


def test_links_in_a_circle_end(tmp_path, monkeypatch, capsys):
    """Assert that they are refused."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert chosen(monkeypatch, tmp_path / "a") != tmp_path / "a"
    assert "too many symbolic links" in capsys.readouterr().err


class Trap:
    """What makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@ROOT
def test_what_somebody_else_put_there_does_not_run(tmp_path):
    """Assert that a trap in place of a kernel, which would run, does not where another user owns the file."""
    files, sprung = KernelFiles(tmp_path, "kernel"), tmp_path / "sprung"
    code = pickle.dumps(("", "key", Trap(str(sprung))))
    file = files.path("key")
    file.write_bytes(hashlib.sha256(code).digest() + code)
    files.load("key")
    assert sprung.exists()
    sprung.unlink()
    os.chown(file, SOMEBODY, -1)
    assert files.load("key") is None
    assert not sprung.exists()
    files.save("key", 1)
    assert files.load("key") == 1


@ROOT
def test_a_module_that_somebody_else_wrote_does_not_run(tmp_path):
    """Assert the same of the modules of users' activations."""
    file = tmp_path / "module.py"
    file.write_text("x = 1\n" + closure_kernels._seal("x = 1\n"))
    assert closure_kernels._read(file) == "x = 1\n"
    os.chown(file, SOMEBODY, -1)
    assert closure_kernels._read(file) is None
