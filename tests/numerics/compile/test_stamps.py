"""What a compiled kernel is cached under changes with all that it is compiled from, and with nothing else."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from cumulode.numerics.compile.stamps import stamp
from cumulode.theory import InvalidArgument

CONSTANTS = """from enum import IntEnum
SCALE = 2.0
TABLE = (1.0, 2.0)

class Code(IntEnum):
    END = 0
"""
CALLED = '''from cumulode.numerics.compile.jit import kernel
from constants import SCALE, TABLE, Code

@kernel
def called(x):
    """Words."""
    return SCALE * x + TABLE[1] + (1.0 if Code.END == 0 else 0.0)

@kernel
def alike(x):
    return x
'''
CALLING = """import called as room
from called import called as inner, alike
from cumulode.numerics.compile.jit import kernel

@kernel
def calling(x):
    return inner(x) + further(x)

@kernel
def further(x):
    return alike(x) + room.alike(x)

@kernel
def apart(x):
    return 3.0 * x
"""
FILES = {"constants": CONSTANTS, "called": CALLED, "calling": CALLING}


@pytest.fixture
def stamps(tmp_path, monkeypatch):
    """``stamps(file, right, wrong)``: of ``calling`` and ``apart`` with one text replaced in one file."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(file="calling", right="", wrong=""):
        for name, text in FILES.items():
            assert name != file or right in text
            changed = text.replace(right, wrong) if name == file and right else text
            spec = importlib.util.spec_from_loader(name, loader=None)
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            (tmp_path / f"{name}.py").write_text(changed)
            exec(compile(changed, str(tmp_path / f"{name}.py"), "exec"), module.__dict__)
        return stamp(module.calling), stamp(module.apart)

    return make


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("constants", "SCALE = 2.0", "SCALE = 2.5"),
        ("constants", "(1.0, 2.0)", "(1.0, 2.5)"),
        ("constants", "END = 0", "END = 1"),
        ("called", "TABLE[1]", "TABLE[0]"),
        ("called", "return x", "return -x"),
        ("called", "@kernel\ndef alike", "@kernel(fastmath={'contract'})\ndef alike"),
        ("calling", "alike(x) + room", "2.0 * alike(x) + room"),
        ("calling", "called as inner, alike", "alike as inner, called as alike"),
    ],
)
def test_an_edit_anywhere_changes_the_stamp_of_what_depends_on_it(stamps, file, right, wrong):
    """Assert another stamp for an edit of a constant, of a called kernel, of its options, of who is called; and that a
    kernel that uses none of these keeps its own.
    """
    before, apart = stamps()
    after, still = stamps(file, right, wrong)
    assert after != before
    assert still == apart


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("called", '"""Words."""', '"""Other words."""'),
        ("called", "    return x", "    # a remark\n\n    return x"),
        ("calling", "3.0 * x", "4.0 * x"),
        ("constants", "SCALE = 2.0\n", "SCALE = 2.0\nOTHER = 1\n"),
    ],
)
def test_what_compiles_to_the_same_keeps_its_stamp(stamps, file, right, wrong):
    """Assert that docstrings, remarks, moved lines and what is not used change nothing."""
    assert stamps()[0] == stamps(file, right, wrong)[0]


def test_a_kernel_that_depends_on_what_no_stamp_knows_is_refused(stamps):
    """Assert that nothing is silently left out: an object without a value of its own is named."""
    with pytest.raises(InvalidArgument, match=r"^SCALE: got <object"):
        stamps("constants", "SCALE = 2.0", "SCALE = object()")


def test_stamps_are_the_same_in_every_process():
    """Assert equal stamps of the integrator and of a contraction under two seeds of Python's hashes."""
    program = (
        "from cumulode.numerics.compile.stamps import stamp\n"
        "from cumulode.numerics.contraction.form import contract\n"
        "from cumulode.numerics.trajectory.dormand_prince import _integrate\n"
        "print(stamp(_integrate), stamp(contract))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
