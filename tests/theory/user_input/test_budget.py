"""The second process: it answers, it ends, and whoever started it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cumulode.theory import InvalidArgument
from cumulode.theory.user_input.budget import OutOfBudget, within_budget


def do(name, *arguments, seconds=1.0, **more):
    return within_budget(f"second_process:{name}", *arguments, seconds=seconds, **more)


def test_it_answers_refuses_and_fails_as_the_function_does():
    """Assert results, both kinds of errors, and that printing is no answer; all in one process, which is kept."""
    first = do("print_and_answer", seconds=20)
    assert do("double", 21, seconds=20) == 42
    with pytest.raises(InvalidArgument, match=r"^mine: got 1.5, allowed: an integer$"):
        do("refuse")
    with pytest.raises(KeyError, match="lost"):
        do("fail")
    assert do("print_and_answer") == first != os.getpid()


@pytest.mark.parametrize(
    ("task", "limits", "said"),
    [
        ("huge_power", {}, "raising it to a power takes longer than 1 s"),
        ("spin", {"seconds": 20.0, "processor": 0.5}, "spinning takes longer than 0.5 s"),
        ("leave", {}, "leaving fails: the process ended"),
        pytest.param(
            "much_memory",
            {"seconds": 8.0},
            "filling memory needs more than 2 GB",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits and reports it"),
        ),
    ],
)
def test_it_ends_and_says_at_what(task, limits, said):
    """Assert the part named, in little more than the time allowed, and that the next request is answered."""
    do("double", 1, seconds=20)
    began = time.monotonic()
    with pytest.raises(OutOfBudget, match=f"^{said}$"):
        do(task, **limits)
    assert time.monotonic() - began < 8
    assert do("double", 2, seconds=20) == 4


def test_what_was_reported_before_the_end_is_kept():
    """Assert the result that further work would only have added to."""
    assert do("result_then_sleep") == "known"


def test_threads_do_not_wait_for_one_another():
    """Assert the answers of four threads, of which one takes its whole second."""
    with ThreadPoolExecutor(4) as pool:
        late = pool.submit(do, "result_then_sleep", seconds=2.5)
        others = [pool.submit(do, "double", n, seconds=20) for n in range(3)]
        assert [other.result() for other in others] == [0, 2, 4]
        assert not late.done()


def test_ctrl_c_ends_the_work():
    """Assert KeyboardInterrupt at once, and an answer afterwards."""
    do("double", 1, seconds=20)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        do("spin", seconds=20.0)
    assert time.monotonic() - began < 10
    assert do("double", 2, seconds=20) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_starts_its_own():
    """Assert that parent and forked child each have an answer of a process of their own."""
    first = do("print_and_answer", seconds=20)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, str(do("print_and_answer", seconds=20)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(read, 20)) not in (first, os.getpid())
    assert do("print_and_answer", seconds=20) == first


def test_scripts_need_no_guard_and_leave_nothing_behind(tmp_path):
    """Assert check at the top of a script that is killed in the middle of it, and that the second process goes, too."""
    script = tmp_path / "script.py"
    script.write_text(
        "from cumulode import check\n"
        "from cumulode.theory.user_input.budget import within_budget\n"
        "print(check('asin(q*c)/asin(q)', 'nlgp.second').kind, flush=True)\n"
        "import sys; sys.path.append(sys.argv[1])\n"
        "from cumulode.theory.user_input.budget import _Worker\n"
        "print(_Worker._idle[0].process.pid, flush=True)\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run([sys.executable, script, "tests"], capture_output=True, text=True, timeout=60)
    kind, second = run.stdout.split()
    assert kind == "equal"
    for _ in range(100):
        if not _alive(int(second)):
            return
        time.sleep(0.1)
    raise AssertionError("the second process is still there")


def _alive(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().split(")")[1].split()[0] != "Z"
    except OSError:
        return False
