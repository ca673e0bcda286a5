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
        "cumulode phase --gain 0.1:30:32:log --xi-plus 1.5:6:32 --size 100 --seeds 8 --no-fields",
        "",
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
        "IPR is `sum w^4 / (sum w^2)^2`; fields are called localised where IPR x D > 3.",
    ]
    for each in MAPS:
        parts += [f"## {each.title}", each.words, f"![{each.title}](figures/{each.name}.png)",
                  f"```sh\n{each.line}\n```"]
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
