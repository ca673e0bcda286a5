"""The pages of docs/ cite what exists: labels of derivations, sections, files, numbers of other pages."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from benchmarks import equations_page, network_page, phase_boundary, public_names

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
THEORY = (DOCS / "theory.md").read_text()
WORDS = re.sub(r"\s+", " ", THEORY)
CITED = re.compile(r"\(((?:bump|closures|conditional|cubic|drift|flow|fluctuations|growth|ising|network|nlgp)\.\d+)"
                   r"(?:, ([^()]*))?\)")  # fmt: skip


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    """The name of every equation of derivations/, "" where it has none."""
    names = {}
    for page in (ROOT / "derivations").glob("*.md"):
        names |= dict(re.findall(r"^- \(([a-z]+\.\d+)(?:, ([^)]*))?\)", page.read_text(), re.MULTILINE))
    return names


def test_labels_on_the_pages_are_those_of_the_derivations(labels):
    """Assert that every equation cited in docs/ exists, under the number and the name given there."""
    cited = [(page.name, *at) for page in PAGES for at in CITED.findall(re.sub(r"\s+", " ", page.read_text()))]
    assert len(cited) > 80
    wrong = [at for at in cited if labels.get(at[1]) != at[2]]
    assert not wrong


def test_the_theory_leaves_no_document_out(labels):
    """Assert that theory.md cites equations of all eleven documents."""
    documents = {label.split(".")[0] for label in labels}
    assert len(documents) == 11
    assert {label.split(".")[0] for label, _ in CITED.findall(WORDS)} == documents


def test_the_sections_that_docstrings_cite_exist():
    """Assert that each "theory.md section N" in the code has a heading "## N." in docs/theory.md."""
    headings = {int(n) for n in re.findall(r"^## (\d+)\. ", THEORY, re.MULTILINE)}
    cited = set()
    for room in ("theory", "numerics", "validation", "tests", "benchmarks", "src"):
        for path in (ROOT / room).rglob("*.py"):
            for many in re.findall(r"theory\.md\s+sections? ([\d, and]+\d|\d)", path.read_text()):
                cited |= {int(n) for n in re.findall(r"\d+", many)}
    assert len(cited) >= 6
    assert cited <= headings


def test_links_lead_somewhere():
    """Assert that every relative link of the pages is a file of the repository."""
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), (page.name, link)


def test_the_rule_of_localised_is_the_codes():
    """Assert that theory.md states the thresholds of ``validation/receptive_fields/localised.py``, boundaries' default."""
    from cumulode import boundary, refine_boundary
    from cumulode.validation.receptive_fields.localised import FAR_ABOVE, LOCALISED, NARROW

    rule = WORDS[WORDS.index("**localised**") :][:250]
    assert f"IPR x D > {LOCALISED:g} and its width is below D/{1 / NARROW[1]:g}" in rule
    assert f"(on a torus {NARROW[2]:g} L), or where IPR x D > {FAR_ABOVE:g}" in rule
    for function in (boundary, refine_boundary):
        assert inspect.signature(function).parameters["level"].default is LOCALISED


def test_the_closures_table_is_that_of_its_page():
    """Assert that the ratios in theory.md are those of docs/closures-table.md, to the digits given."""
    rows = {}
    for line in (DOCS / "closures-table.md").read_text().splitlines():
        if re.match(r"\| (Ising|NLGP) ", line):
            name, _, *values = (cell.strip() for cell in line.strip("|").split("|"))
            rows[name] = values[:7] + values[8:]  # tree:2.2 is left out
    shown = re.findall(r"^\| ((?:Ising|NLGP) [^|]*) \| (.*) \|$", THEORY, re.MULTILINE)
    assert [name for name, _ in shown] == list(rows)
    for name, cells in shown:
        for short, long in zip(cells.split(" | "), rows[name], strict=True):
            assert abs(float(short) - float(long)) <= 0.0051, (name, short, long)


def test_pages_speak_of_the_thing_and_not_of_the_work():
    """Assert that no page mentions the order in which it was made."""
    for page in PAGES:
        text = page.read_text()
        for trace in ("later issue", "[checked]", "offer both", "the issue", "was not at hand", "sked are the"):
            assert trace not in text, (page.name, trace)


def test_the_page_of_equations_is_that_of_the_source():
    """Assert that docs/equations.md is what its program writes; otherwise: python -m benchmarks.equations_page."""
    assert (DOCS / "equations.md").read_text() == equations_page.Page().text()


def test_every_named_equation_has_its_row(labels):
    """Assert that each has a place in theory, numerics or validation, and a test."""
    rows = re.findall(r"^\| \[([a-z]+\.\d+)\]\([^)]*\) (.*) \|$", (DOCS / "equations.md").read_text(), re.MULTILINE)
    assert {label for label, _ in rows} == {label for label, name in labels.items() if name}
    for label, cells in rows:
        _, _, theory, _, computed, tests = cells.split(" | ")
        assert ".py" in theory + computed, label
        assert "`tests/" in tests, label


def _folders() -> list[str]:
    """Every package of the three rooms, as a path from the root."""
    inits = (path for room in ("theory", "numerics", "validation") for path in (ROOT / room).rglob("__init__.py"))
    return sorted(path.parent.relative_to(ROOT).as_posix() for path in inits)


@pytest.mark.parametrize("folder", _folders())
def test_a_folder_says_what_lives_in_it(folder):
    """Assert that the docstring of its __init__ names every module and every folder in it."""
    inside = [path for path in (ROOT / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    names = {path.stem for path in inside} - {"__init__"}
    docstring = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text())) or ""
    assert not {name for name in names if not re.search(rf"``(?:\w+[/.])*{name}``", docstring)}


@pytest.mark.parametrize("page", ["equations.md", "code.md"])
def test_places_in_the_code_exist(page):
    """Assert that every `file.py:name` on the page is a definition in that file, and every file and folder is there."""
    text = (DOCS / page).read_text()
    for path, name in set(re.findall(r"`((?:\w+/)+\w+\.py):([\w.]+)`", text)):
        defined = re.escape(name.split(".")[-1])
        source = (ROOT / path).read_text()
        assert re.search(rf"^ *(?:def|class) {defined}\b|^ *_?{defined}\b.* = ", source, re.MULTILINE), (path, name)
    for path in set(re.findall(r"`((?:theory|numerics|validation|tests|src|benchmarks|derivations)/[\w/.]*)`", text)):
        assert (ROOT / path).exists() or "NAME" in path, path


def test_the_tables_to_touch_are_in_the_files_named():
    """Assert that each registry that code.md names stands in a file of the same row, and that no folder is left out."""
    text = (DOCS / "code.md").read_text()
    for row in re.findall(r"^\|.*\|$", text, re.MULTILINE):
        files = [ROOT / path for path in re.findall(r"`((?:theory|numerics|validation|src)/[\w/]+\.py)[:`]", row)]
        names = re.findall(r"`(_?[A-Z][A-Z_]{2,})`", row)
        for name in names if files else ():
            assert any(re.search(rf"^{name}\b", path.read_text(), re.MULTILINE) for path in files), (name, row)
    for folders, first in re.findall(r"^\| ((?:`\w+/\w+/`(?:, )?)+) \|[^|]*\| (.*) \|$", text, re.MULTILINE):
        for name in re.findall(r"`(\w+(?:\.py|/))`", first):
            assert any((ROOT / folder / name).exists() for folder in re.findall(r"`([^`]*)`", folders)), (folders, name)
    for room in ("theory", "numerics", "validation"):
        for folder in (ROOT / room).iterdir():
            if (folder / "__init__.py").exists() and folder.name != "io":
                assert f"`{room}/{folder.name}/`" in text, folder


def test_the_page_of_public_names_is_that_of_the_package():
    """Assert that docs/public-names.md has each function with its arguments and each command with its options, and
    says of each that changed where it went.
    """
    text = (DOCS / "public-names.md").read_text()
    now = public_names.public()
    for name, facts in now["names"].items():
        assert re.search(rf"`{name}\b", text), name
        if facts["kind"] == "function":
            assert public_names.call(name, facts["arguments"], ".") in text, name
    for command, options in now["commands"].items():
        assert public_names.call(command, options, " ") in text, command
    assert not re.search(r"`: `?\?", text)


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("network.md", (network_page.PAIRS, network_page.HALVES, network_page.CENTRES, network_page.TORUS)),
        ("phase-boundary.md", (phase_boundary.HEAD, phase_boundary.COLUMNS, phase_boundary.findings())),
    ],
)
def test_measured_pages_say_what_their_program_says(page, texts):
    """Assert that the words of pages that take hours to measure are those of the program that writes them."""
    written = (DOCS / page).read_text()
    for text in texts:
        assert text.strip() in written
