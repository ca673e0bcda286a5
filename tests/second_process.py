"""What tests have the second process of ``within_budget`` do."""

from __future__ import annotations

import os
import time

from cumulode.theory.user_input.arguments import InvalidArgument


def double(report, number):
    report("doubling")
    return 2 * number


def refuse(report):
    raise InvalidArgument("mine", 1.5, "an integer")


def fail(report):
    raise KeyError("lost")


def print_and_answer(report):
    print("no answer")
    return os.getpid()


def huge_power(report):
    report("raising it to a power")
    return len(str(10**10**10))


def much_memory(report):
    report("filling memory")
    return len(bytes(3 * 2**30))


def result_then_sleep(report):
    report("working")
    report("saying more of it", "known")
    time.sleep(60)
    return "more"


def leave(report):
    report("leaving")
    os._exit(3)


def spin(report):
    report("spinning")
    while True:
        pass
