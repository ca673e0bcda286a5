"""Run a case and say what is wrong with it: what it raises, warns of, returns, takes and leaves changed."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cumulode import InvalidArgument
from cumulode.numerics.compile import jit

#: Seconds of CPU that a case may take, compilation excluded; and of the clock for which the interpreter may be
#: held, after which the process is ended.
CPU, CLOCK = 10.0, 300.0
#: Seconds in which an interruption must be heard.
PATIENCE = 10.0
LONGEST = 700


class Stuck(BaseException):
    """The case took more than ``CPU`` seconds and did not hear Ctrl-C."""


def _compiling() -> bool:
    """Whether a thread is inside the compiler now."""
    for frame in sys._current_frames().values():
        while frame is not None:
            if "/numba/core/" in frame.f_code.co_filename or "/llvmlite/" in frame.f_code.co_filename:
                return True
            frame = frame.f_back  # type: ignore[assignment]
    return False


class Clock:
    """CPU seconds used since it was made, without those of compiling; raises like Ctrl-C when they are spent."""

    def __init__(self) -> None:
        self._began, self._compiled = time.process_time(), jit.compile_seconds
        self.spent = False

    def used(self) -> float:
        """Seconds."""
        return time.process_time() - self._began - (jit.compile_seconds - self._compiled)

    def _ring(self, *_: Any) -> None:
        if self.spent:  # the first was not heard
            raise Stuck
        self.spent = True
        raise KeyboardInterrupt

    def _watch(self, over: threading.Event) -> None:
        """Signal the main thread, which may wait for others, by CPU time: a busy machine raises no false alarm."""
        armed = 0.0
        while not over.wait(PATIENCE if self.spent else 0.1):
            if time.monotonic() - armed > CLOCK / 10:  # not done where the interpreter is held
                faulthandler.dump_traceback_later(CLOCK, exit=True, file=sys.__stderr__)
                armed = time.monotonic()
            if self.used() > CPU and not _compiling():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Interrupt what takes too long; end the process where even that is not heard."""
        over = threading.Event()
        before = signal.signal(signal.SIGUSR1, self._ring)
        thread = threading.Thread(target=self._watch, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGUSR1, before)


def fingerprint(value: Any) -> Any:
    """Of everything that could be changed in place, its bytes."""
    if isinstance(value, np.ma.MaskedArray):
        return fingerprint(value.filled(0) if value.dtype.kind == "f" else value.data)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, repr(value) if value.dtype.hasobject else value.tobytes()
    if isinstance(value, (pd.Series, pd.DataFrame, xr.DataArray)):
        return fingerprint(np.asarray(value)), repr(value)
    if isinstance(value, dict):
        return [(key, fingerprint(inside)) for key, inside in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [fingerprint(inside) for inside in value]
    return repr(value) if type(value).__repr__ is not object.__repr__ else id(value)


def refusal(error: InvalidArgument) -> str:
    """What is wrong with the words of a refusal."""
    text = str(error)
    if (
        "\n" in text
        or len(text) > LONGEST
        or ": got " not in text
        or ", allowed: " not in text
        or not text.isprintable()
    ):
        return f"a refusal that is not one plain line: {text!r}"
    return ""


def _ours(warning: warnings.WarningMessage) -> bool:
    return "/cumulode/" in warning.filename or "/numerics/" in warning.filename or "/validation/" in warning.filename


def noisy(caught: list[warnings.WarningMessage]) -> str:
    """Warnings that are none of the documented ones (UserWarning's children and FutureWarning)."""
    for warning in caught:
        if not issubclass(warning.category, (UserWarning, FutureWarning)) and (
            _ours(warning) or issubclass(warning.category, RuntimeWarning)
        ):
            place = "/".join(warning.filename.split("/")[-3:])
            return f"{warning.category.__name__} from {place}:{warning.lineno}: {warning.message}"
    return ""


def raised(error: BaseException) -> str:
    """An error that is no refusal, with where it came from."""
    places = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{'/'.join(p.filename.split('/')[-2:])}:{p.lineno}" for p in reversed(places[-5:]))
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]} at {where}"


def call(case: Any) -> str:
    """What is wrong with a call; empty where all is well."""
    before, clock = fingerprint(case.given), Clock()
    wrong = ""
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("always")
        try:
            with clock.watching():
                result = case()
            wrong = case.judge(result, case.given)
            repr(result)
        except InvalidArgument as error:
            wrong = refusal(error)
        except KeyboardInterrupt:
            if not clock.spent:
                raise
        except Stuck:
            wrong = "hang that does not hear Ctrl-C"
        except Exception as error:
            wrong = raised(error)
    if clock.spent:
        wrong = wrong or f"hang: {clock.used():.0f} s of CPU"
    if fingerprint(case.given) != before:
        wrong = "an input was changed in place"
    return wrong or noisy(caught)


def streams(run: Callable[[], int]) -> tuple[Any, str, str, str]:
    """Exit code, standard output, standard error of a command in this process, and what is wrong with its time."""
    out, err, clock = io.StringIO(), io.StringIO(), Clock()
    code: Any = None
    wrong = ""
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        try:
            with clock.watching():
                code = run()
        except SystemExit as end:
            code = end.code
        except KeyboardInterrupt:
            if not clock.spent:
                raise
        except Stuck:
            wrong = "hang that does not hear Ctrl-C"
        except Exception as error:
            wrong = raised(error)
    if clock.spent:
        wrong = wrong or f"hang: {clock.used():.0f} s of CPU"
    return code, out.getvalue(), err.getvalue(), wrong or noisy(caught)
