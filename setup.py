"""Where the packages lie: the three rooms stand at the top of the repository and are imported as ``cumulode.ROOM``."""

from setuptools import find_packages, setup

ROOMS = ("theory", "numerics", "validation")

setup(
    packages=[
        "cumulode",
        *(
            f"cumulode.{room}{suffix}"
            for room in ROOMS
            for suffix in ("", *(f".{package}" for package in find_packages(room)))
        ),
    ],
    package_dir={"cumulode": "src/cumulode", **{f"cumulode.{room}": room for room in ROOMS}},
)
