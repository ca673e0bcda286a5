"""The gallery of phase diagrams, docs/gallery.md: four maps, each by one command, with what it shows and its time.

Run as ``python -m benchmarks.gallery [NAME ...]`` from the project's root. Data stay in docs/data, so that a map is
drawn again from its file at once, and a gallery that was interrupted goes on.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Map:
    """One figure: its name, title, command (without output) and what to see in it."""

    name: str
    title: str
    command: str
    words: str

    @property
    def line(self) -> str:
        """The whole command, from docs/."""
        return f"{self.command} --out data/{self.name}.nc --figure figures/{self.name}.png"


MAPS = (
    Map(
        "gain-xi",
        "Gain and correlation length",
        "cumulode phase --gain 0.1:30:32:log --xi-plus 1.5:6:32 --size 100 --seeds 8",
        """
        The transition is continuous: the uniform state turns unstable at the dash-dotted line (root finding, not
        read off the grid), and the field that grows from there reaches IPR x D = 3 at about 1.5 times that gain.
        Near the line growth is slow, so that at t = 150 the black line still depends on the starts at short
        correlation lengths. Hatching: rho above 0.5, where the preactivation's law is no longer known from k2 and
        k4. It is a cautious flag here: the tree closure, which knows the sixth cumulant, ends within 2 % of
        regression at gain 30, xi 6. All of it (8192 flows, their measures and validity, 32 critical gains) took 132 s
        on two idle cores, kernels being compiled.
        """,
    ),
    Map(
        "xi-xi",
        "Which class has the longer range",
        "cumulode phase --xi-plus 0.5:8:24 --xi-minus 0.5:8:24 --size 100 --seeds 4 --time 300 --variable pattern",
        """
        At b = -1 a neuron localises where the class of label +1 has the longer correlation length; with the classes
        exchanged a wave of finite wavelength is selected, and fields stay oscillatory, some of them in packets.
        Hatched, next to the diagonal: where the two classes are nearly the same, fields shrink to few sites, and rho
        says that two cumulants do not decide what happens there.
        """,
    ),
    Map(
        "gain-bias",
        "Gain and bias",
        "cumulode phase --gain 0.1:30:24:log --bias=-2.5:1:29 --xi-plus 4 --xi-minus 1 --size 60 --seeds 4 "
        "--time 300 --variable pattern",
        """
        Between b of about -0.6 and 0.6 no wave grows and the weights decay (theory.md section 1: at b = 0 every
        mode does). Above, the force turns its sign: fields oscillate. Below, they localise beyond a critical gain
        that hardly depends on the bias.
        """,
    ),
    Map(
        "ising",
        "Ising rings, and where a closure fails",
        "cumulode phase --law ising --t-plus 0.02:0.96:24 --t-minus 0.02:0.96:24 --size 40 --seeds 4 --time 400",
        """
        Hatched: the closure is not to be trusted. Next to the diagonal, where the two classes are nearly the same, a
        field shrinks to a site or two, and rho says that two cumulants cannot decide what happens there. On the right
        mu does: tree's Jacobian finds an instability that regression misses, as at t = 0.9 against 0.3, where the
        exact flow localises and regression ends uniform (docs/closures-table.md). The solid line is where the exact
        flow's uniform state gains stability: regression's is up to 5.2 % from it.
        """,
    ),
)


def main(names: list[str]) -> None:
    """Make the maps named (all by default) and write the page."""
    (DOCS / "data").mkdir(exist_ok=True)
    for each in MAPS:
        if not names or each.name in names:
            _make(each)
    (DOCS / "gallery.md").write_text(page())


def _make(each: Map) -> None:
    program = str(Path(sys.executable).parent / "cumulode")
    began = time.perf_counter()
    print(each.line, file=sys.stderr)
    done = subprocess.run(
        [program, *shlex.split(each.line)[1:]], cwd=DOCS, env=os.environ, capture_output=False, check=True, text=True
    )
    print(f"{each.name}: {time.perf_counter() - began:.0f} s, exit {done.returncode}", file=sys.stderr)


def page() -> str:
    """The page as Markdown."""
    parts = [
        "# Gallery of phase diagrams",
        "Each map is made by the command under it, run in `docs/`; `python -m benchmarks.gallery` runs them all and "
        "writes this page. A command whose file is there computes nothing and draws again; `cumulode draw FILE` "
        "draws other variables, slices and fields from the same file, `cumulode rerun FILE` repeats it. "
        "IPR is `sum w^4 / (sum w^2)^2`; the black line of a map is where IPR x D passes 3. A field is localised where "
        "it is also narrow (width below D/6), or where IPR x D > 6.",
    ]
    for each in MAPS:
        parts += [
            f"## {each.title}",
            " ".join(each.words.split()),
            f"![{each.title}](figures/{each.name}.png)",
            f"```sh\n{each.line}\n```",
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
