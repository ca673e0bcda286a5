"""The style sheet, new figures, legends, and the file a figure is saved in. Figures are kept out of pyplot."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib import rc_context, rc_params_from_file, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke

from cumulode import __version__
from cumulode.numerics.io.atomic import check_output, write_bytes
from cumulode.theory.user_input.arguments import instance

SHEET: Any = dict(rc_params_from_file(Path(__file__).with_name("cumulode.mplstyle"), use_default_template=False))
#: Height of a line of text, and mean width of a letter, in parts of the size of the letters.
LINE, LETTER = 1.35, 0.5


@contextmanager
def styled(**changes: Any) -> Iterator[None]:
    """The project's style within the context, or within a function decorated by ``@styled()``; once, if nested."""
    within = rcParams["svg.hashsalt"] == SHEET["svg.hashsalt"]
    settings: Any = changes if within else SHEET | changes
    with rc_context(settings):
        yield


def axes_or_new(ax: Axes | None) -> Axes:
    """``ax``, or the one Axes of a new figure that pyplot does not know; InvalidArgument for what is no Axes."""
    if ax is None:
        ax = Figure(layout="constrained").add_subplot()
        ax.figure._alone = ax  # type: ignore[union-attr]
    return instance("ax", ax, Axes, "matplotlib's Axes, or None for a new figure")  # type: ignore[no-any-return]


def halo(width: float, colour: str = "white") -> list[Any]:
    """A rim, so that a line is seen on every colour."""
    return [withStroke(linewidth=width, foreground=colour)]


def draw_legend(home: Axes | Figure, *axes: Axes, **options: Any) -> Any:
    """Everything labelled in ``axes`` (default ``home``), each label once: above the Axes, or below all of a figure."""
    entries: dict[str, Any] = {}
    for ax in axes or (home,):
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):  # type: ignore[union-attr]
            entries.setdefault(label, handle)
    if not entries:
        return None
    whole = isinstance(home, Figure)
    place: dict[str, Any] = {"bbox_to_anchor": (0, 1 + getattr(home, "_strip", 0.0)), "borderaxespad": 0.2}
    place = {"loc": "outside lower center"} if whole else {"loc": "lower left", **place}
    # a colour bar still to be made room for takes its part of the Axes' width
    inches = (0.97 if whole else 0.85) * home.bbox.width / home.figure.dpi
    letters = int(inches * 72 / (LETTER * FontProperties(size="small").get_size_in_points()))
    fit = letters // (max(map(len, entries)) + 7)  # columns that break no label; two broken ones where that is wide
    columns = max(1, min(len(entries), 3, max(fit, 2 if letters > 55 and len(entries) > 2 else 1)))
    words = [textwrap.fill(label, max(18, letters // columns - 7)) for label in entries]
    drawn = home.legend(list(entries.values()), words, ncols=columns, **(place | options))
    if getattr(home.figure, "_alone", None) is home:  # a new figure of this Axes: as high as strip and legend need
        high = SHEET["figure.figsize"][1] * (1 + getattr(home, "_strip", 0.0))
        home.figure.set_figheight(high + drawn.get_window_extent().height / home.figure.dpi)
        settle(home.figure)
    return drawn


def settle(figure: Any) -> None:
    """Repeat the layout where a strip, high in parts of the Axes, makes it converge slowly."""
    if any(hasattr(ax, "_strip") for ax in figure.axes):
        for _ in range(4):
            figure.get_layout_engine().execute(figure)


def titled(figure: Figure, title: str, panels: float) -> None:
    """Title above, and the figure as high as panels of ``panels`` inches, title and legends need."""
    size = FontProperties(size=rcParams["figure.titlesize"]).get_size_in_points()
    lines = textwrap.wrap(title, int(figure.get_figwidth() * 72 / (LETTER * size)))
    if lines:
        figure.suptitle("\n".join(lines))
    high = sum(each.get_window_extent().height / figure.dpi for each in figure.legends)
    figure.set_figheight(panels + high + LINE * size / 72 * len(lines))
    settle(figure)


def save(figure: Figure, path: str | Path, command: str) -> None:
    """Write the figure to a .png (200 dots an inch), .pdf or .svg, with the command that remakes it in the metadata.

    PNG and SVG keep it under Description, PDF under Subject. No date is written: the command gives the same bytes.
    InvalidArgument for any other suffix, and where no file can be written; a file that is there is replaced as a whole.
    """
    maker = f"cumulode {__version__}"
    metadata: dict[str, dict[str, Any]] = {
        ".png": {"Description": command, "Software": maker},
        ".pdf": {"Subject": command, "Creator": maker, "CreationDate": None},
        ".svg": {"Description": command, "Creator": maker, "Date": None},
    }
    suffix = check_output("path", path, tuple(metadata)).suffix.lower()
    drawn = io.BytesIO()
    with styled():
        figure.savefig(drawn, format=suffix[1:], metadata=metadata[suffix])
    write_bytes(path, drawn.getvalue())
