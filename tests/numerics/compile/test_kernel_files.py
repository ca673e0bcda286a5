"""Compiled code on disk is used only if it is whole and is what it says; writers do each other no harm, and nobody waits for long."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time

import pytest

from cumulode.numerics.compile import jit, places
from cumulode.numerics.compile.jit import compiled, f8, i8, kernel
from cumulode.numerics.compile.kernel_files import KernelFiles
from cumulode.numerics.io import waiting

ONE, WHOLE = f8(f8), i8(i8)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache of this test, its folder of kernels."""
    monkeypatch.setenv("CUMULODE_CACHE", str(tmp_path / "cache"))
    directory = places.kernel_directory()
    places.make(directory)
    monkeypatch.setattr(jit, "_own_kernels", lambda: directory)
    return directory


def times(signature=ONE, factor=3):
    """``factor`` times 2 by a new kernel, as in a new process, and whether that came from the cache."""

    @kernel
    def multiple(x):  # type: ignore[no-untyped-def]
        return factor * x

    function = compiled(multiple, signature)
    return function(2), bool(function.stats.cache_hits)


def test_a_kernel_is_written_once_and_then_loaded(cache):
    """Assert one file a signature, in place of that of another version of the code, for the user alone."""
    assert [times(), times()] == [(6, False), (6, True)]
    assert [times(WHOLE), times(WHOLE), times()] == [(6, False), (6, True), (6, True)]
    assert len(list(cache.glob("*.nbc"))) == 2
    assert [times(factor=5), times(factor=5)] == [(10, False), (10, True)]
    assert len(list(cache.glob("*.nbc"))) == 2
    assert {path.stat().st_mode & 0o777 for path in cache.glob("*.nbc")} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (cache, cache.parent, cache.parent.parent)} == {0o700}


def test_what_is_damaged_or_of_another_kernel_is_not_used(tmp_path):
    """Assert None for a file that is cut, garbage, has one bit flipped (200 places, seed 1), or bears another's name."""
    files, other = KernelFiles(tmp_path, "f"), KernelFiles(tmp_path, "g")
    files.stamp, other.stamp = "one", "two"
    files.save("key", list(range(100)))
    assert files.load("key") == list(range(100))
    assert files.load("another key") is None
    file, draw = files.path("key"), random.Random(1)
    whole = file.read_bytes()
    flips = [(draw.randrange(len(whole)), 1 << draw.randrange(8)) for _ in range(200)]
    flipped = [whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :] for at, bit in flips]
    for content in [b"", whole[: len(whole) // 2], b"garbage", whole + b"x", *flipped]:
        file.write_bytes(content)
        assert files.load("key") is None
    other.path("key").write_bytes(whole)
    assert other.load("key") is None


@pytest.mark.parametrize("damage", [b"", b"garbage", None], ids=["empty", "garbage", "half"])
def test_a_damaged_kernel_is_compiled_anew(damage, cache):
    """Assert that it costs a compilation, not the run, and is mended."""
    times()
    (file,) = cache.glob("*.nbc")
    file.write_bytes(file.read_bytes()[:500] if damage is None else damage)
    assert [times(), times()] == [(6, False), (6, True)]


def test_a_cache_that_is_full_is_done_without(cache, monkeypatch):
    """Assert that a kernel whose code cannot be written is there all the same, and that nothing is left behind."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert [times(), times()] == [(6, False), (6, False)]
    assert [path.name[:5] for path in cache.iterdir()] == ["lock-"]


def test_a_cache_that_vanishes_is_made_again(cache):
    """Assert that one removed while a process runs is done without, and filled again."""
    times()
    shutil.rmtree(cache)
    assert [times(), times()] == [(6, False), (6, True)]


def test_two_kernels_of_one_name_in_one_file_are_kept_apart(cache):
    """Assert that functions of one name and one signature are printed apart by what they do."""
    source = "def make():\n    @kernel\n    def f(x):\n        return x + 1.0\n    g = f\n    @kernel\n    def f(x):\n        return x + 2.0\n    return g, f\n"
    for _ in range(2):
        scope = {"kernel": kernel}
        exec(compile(source, "twice.py", "exec"), scope)
        assert [f(1.0) for f in scope["make"]()] == [2.0, 3.0]


# ----------------------------------------------------------------------------------------------- several at once

PROGRAM = """
import sys, time
from cumulode.numerics.compile import jit
saved = []
real = jit._Cache.save_overload
jit._Cache.save_overload = lambda self, sig, data: (saved.append(1), real(self, sig, data))
f8 = jit.f8
@jit.kernel
def square(x): return x * x
@jit.kernel
def sum_of_squares(x, y): return square(x) + square(y)
@jit.kernel
def loop(x):
    total = 0.0
    for i in range(5): total += sum_of_squares(x, 1.0 * i)
    return total
time.sleep(max(0.0, float(sys.argv[1]) - time.time()))
for f, signature in ((square, f8(f8)), (sum_of_squares, f8(f8, f8)), (loop, f8(f8))): jit.compiled(f, signature)
print(loop(2.0), len(saved))
"""


def start(cache, at=0.0):
    environment = {**os.environ, "CUMULODE_CACHE": str(cache)}
    words = [sys.executable, "-c", PROGRAM, str(at)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_of_many_processes_with_an_empty_cache_one_compiles(tmp_path):
    """Assert that of three that start at once, all right, no kernel is compiled twice; one that comes later compiles none."""
    at = time.time() + 2.0  # past the imports
    printed = [process.communicate(timeout=120)[0].split() for process in [start(tmp_path, at) for _ in range(3)]]
    assert [words[0] for words in printed] == ["50.0"] * 3
    assert sum(int(words[1]) for words in printed) == 3
    assert start(tmp_path).communicate(timeout=120) == ("50.0 0\n", "")


def test_a_process_may_hold_a_lock_twice(cache):
    """Assert that holding it while holding it is no error."""
    with waiting.held(cache / "one", 1.0, "", ""), waiting.held(cache / "one", 1.0, "", "") as waited:
        assert waited < 0.5


@pytest.fixture
def another_holds(cache, monkeypatch):
    """The one lock of the cache is held elsewhere; a word after 0.1 s, no more waiting after 0.4 s."""
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(jit, "LOCKS", 1)
    times()
    monkeypatch.setattr(waiting, "SOON", 0.1)
    monkeypatch.setattr(jit, "_patience", 0.4)
    with (cache / "lock-0").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield cache / "lock-0"


def test_a_kernel_that_is_there_is_not_waited_for(another_holds, capsys):
    """Assert that it is loaded at once, without a word, while another process holds the lock."""
    assert times() == (6, True)
    assert jit._patience == 0.4
    assert capsys.readouterr().err == ""


def test_the_lock_is_waited_for_with_a_word_and_a_limit(another_holds, capsys):
    """Assert a line that names lock and holder, a right result after the limit, kept for others; then no more waiting."""
    assert times(WHOLE) == (6, False)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cumulode: waiting for kernels that another process compiles (")
    assert f"holds {another_holds}); compiling them here, too, in 0 s" in line
    if os.path.exists("/proc/locks"):
        assert f"process {os.getpid()} " in line
    assert jit._patience == 0.0
    began = time.monotonic()
    assert [times(factor=5), times(WHOLE)] == [(10, False), (6, True)]
    assert time.monotonic() - began < 0.4 + 5.0
    assert capsys.readouterr().err == ""
