"""Write docs/equations.md: from each named equation to its derivation, theory function, kernel and tests.

``python -m benchmarks.equations_page``. Everything is read from the source, nothing is run: the labels that docstrings
of theory, numerics and validation cite, what the code imports from where, and which tests call what. ``GENERATED``
alone is typed: which generated kernels come from which equation.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("theory", "numerics", "validation")
LABEL = re.compile(r"\(([a-z]+\.\d+), ([^()]*)\)")
#: Tests and users shown of an equation.
SHOWN = 3
#: A function with more users than this says nothing about one equation.
MANY = 12

PLACE = "numerics/compile/generated"
#: Label -> (module, kernels) generated from it; of closures there is a module for each activation.
GENERATED: dict[str, tuple[str, tuple[str, ...]]] = {
    "flow.1": ("erf", ("functions", "force")),
    "drift.6": ("erf", ("taylor",)),
    "drift.10": ("erf", ("taylor",)),
    "drift.11": ("erf", ("taylor_activation",)),
    "drift.13": ("erf", ("taylor", "taylor_activation")),
    "closures.3": ("erf", ("gaussian", "edgeworth", "bimodal")),
    "closures.5": ("erf", ("gaussian", "edgeworth", "bimodal")),
    "closures.7": ("erf", ("edgeworth",)),
    "closures.13": ("erf", ("bimodal",)),
    "closures.21": ("erf", ("pearson_bounded", "pearson_heavy")),
    "closures.23": ("erf", ("regression_bounded", "regression_heavy")),
    "closures.26": ("erf", ("regression_bounded", "regression_heavy")),
    "closures.35": ("erf", ("tree_bounded", "tree_gaussian", "tree_heavy")),
    "closures.37": ("pearson", ("third_norm",)),
    "conditional.1": ("erf", ("conditional",)),
    "conditional.2": ("erf", ("conditional",)),
    "network.3": ("network", ("label_drift", "pair_drift")),
    "network.4": ("network", ("label_bias", "pair_bias")),
    "nlgp.18": ("nlgp", ("plackett_pair",)),
    "nlgp.41": ("nlgp", ("plackett_layer",)),
    "nlgp.42": ("nlgp", ("plackett_layer",)),
}
#: Closures whose kernels tests reach by the closure's name.
CLOSURES = {
    "drift.6": "taylor",
    "drift.11": "taylor-activation",
    "closures.7": "edgeworth",
    "closures.13": "bimodal",
    "closures.21": "pearson",
    "closures.23": "regression",
    "closures.26": "regression",
    "closures.33": "tree",
    "closures.35": "tree",
    "conditional.2": "conditional",
}
#: Every equation is checked there.
DERIVATION_TEST = "`tests/theory/documents/test_derivations.py`"
CLOSURE_TESTS = ("tests/numerics/flow/test_closures", "tests/theory/closures/", "tests/numerics/flow/test_")

HEAD = """# Equations: where each is derived, stated, computed and tested

Written by `python -m benchmarks.equations_page` from docstrings and imports; a test keeps it true. An equation's label,
such as closures.26, is its number in the document of that name in [derivations/](../derivations/README.md);
`cumulode derive closures.26` prints it with its assumptions. The statement is the first line of the function in
`theory/`. *Generated*: kernels in `numerics/compile/generated/`, which `make generate`
(`numerics/compile/codegen.py`) writes from theory; closures have one such module for each activation, of which `erf.py`
is shown. Where a formula is plain arithmetic, numerics calls theory's function itself.

## One equation from end to end: c3 of the regression closure

| step | where |
|---|---|
| explained | [theory.md](theory.md), section 3 |
| derived | [closures.23, closures.26](../derivations/closures.md), written by `theory/documents/closures/pearson_steps.py:regression` |
| stated | `theory/closures/pearson.py:regression_sums` |
| made an equation set for each sign of the kurtosis | `theory/closures/lowering.py:_pearson_branches` |
| generated | `numerics/compile/codegen.py:write_activation` writes `numerics/compile/generated/erf.py:regression_bounded` and `regression_heavy`, chosen by kappa in `numerics/compile/generated/erf.py:regression_coefficients` |
| compiled | `numerics/compile/closure_kernels.py:coefficients_kernel` |
| used | `numerics/flow/right_hand_side.py:two_cumulant_rhs` |
| tested | TESTED |
"""  # noqa: E501

COLUMNS = "| equation | statement | theory | generated | computed by | tests |\n|---|---|---|---|---|---|"


@dataclass
class Source:
    """One Python file: its tree, what its names mean, and which names its functions use."""

    path: str
    tree: ast.Module = field(repr=False)

    @cached_property
    def module(self) -> str:
        """Dotted name as it is imported."""
        parts = Path(self.path).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        return ".".join(("cumulode", *parts) if parts[0] in ROOMS else parts)

    @cached_property
    def meanings(self) -> dict[str, str]:
        """Names of this module -> dotted names, imports and own definitions."""
        package = self.module if self.path.endswith("__init__.py") else self.module.rpartition(".")[0]
        names = {node.name: f"{self.module}.{node.name}" for node in self.tree.body if hasattr(node, "name")}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {a.asname: a.name for a in node.names if a.asname}
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                origin = ".".join([*above, *([node.module] if node.module else [])])
                names |= {a.asname or a.name: f"{origin}.{a.name}" for a in node.names}
        return names

    def uses(self, node: ast.AST) -> set[str]:
        """Dotted names that a definition refers to, those of its module's own helpers included."""
        used: set[str] = set()
        for part in (part for each in self.parts(node) for part in ast.walk(each)):
            if isinstance(part, ast.Name):
                used.add(self.meanings.get(part.id, part.id))
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                used.add(f"{self.meanings.get(part.value.id, part.value.id)}.{part.attr}")
        return used

    @cached_property
    def own(self) -> dict[str, ast.AST]:
        """Functions, classes and tables of the module by name."""
        named: dict[str, ast.AST] = {
            n.name: n for n in self.tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))
        }
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                named |= {name.id: node for name in node.targets if isinstance(name, ast.Name)}
        return named

    def parts(self, node: ast.AST) -> list[ast.AST]:
        """A definition, and those of its module that it refers to."""
        reached, names = [node], set()
        for each in reached:
            for part in ast.walk(each):
                if isinstance(part, ast.Name) and part.id in self.own and part.id not in names:
                    names.add(part.id)
                    reached.append(self.own[part.id])
        return reached

    def definitions(self) -> list[tuple[str, ast.AST]]:
        """The module ("") and its functions, classes and methods, by qualified name."""
        defined: list[tuple[str, ast.AST]] = [("", self.tree)]
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                defined.append((node.name, node))
            if isinstance(node, ast.ClassDef):
                defined += [(f"{node.name}.{n.name}", n) for n in node.body if isinstance(n, ast.FunctionDef)]
        return defined


def sources(room: str) -> list[Source]:
    """The files of one room, without derivation documents and generated modules."""
    left_out = {"documents", "generated"} if room != "tests" else set()
    paths = [p for p in sorted((ROOT / room).rglob("*.py")) if not left_out & set(p.parts)]
    return [Source(p.relative_to(ROOT).as_posix(), ast.parse(p.read_text())) for p in paths]


def docstring(node: ast.AST) -> str:
    """The docstring in one line, "" where there is none."""
    documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
    return re.sub(r"\s+", " ", ast.get_docstring(node) or "") if documented else ""


def citations(files: list[Source]) -> dict[str, list[tuple[Source, str, ast.AST]]]:
    """Label -> the definitions whose docstring cites it."""
    cited = defaultdict(list)
    for source in files:
        for name, node in source.definitions():
            for label, _ in LABEL.findall(docstring(node)):
                cited[label].append((source, name, node))
    return cited


def named_equations() -> dict[str, str]:
    """Label -> name of every equation of derivations/ that has one, in the order of the documents."""
    order = re.findall(r"^\| \[(\w+)\]", (ROOT / "derivations" / "README.md").read_text(), re.MULTILINE)
    equations = {}
    for document in order:
        text = (ROOT / "derivations" / f"{document}.md").read_text()
        equations |= dict(re.findall(r"^- \(([a-z]+\.\d+), ([^)]*)\)", text, re.MULTILINE))
    return equations


def statement(cited: list[tuple[Source, str, ast.AST]]) -> str:
    """The first sentence of the first function of theory that cites an equation, without its citations."""
    functions = [node for _, name, node in cited if name] or [node for _, _, node in cited]
    if not functions:
        return ""
    text = (ast.get_docstring(functions[0]) or "").split("\n\n")[0]
    text = re.sub(r"\s+", " ", text)
    text = re.split(r"; eq\. ", text)[0]
    text = re.sub(r"[,:;]? ?\(?[Ee]q\. \([^()]*\)\)?( and eq\. \([^()]*\))?", "", text).strip()
    first = re.split(r"(?<=[a-z`)])\. ", text)[0]
    return first.strip(" .,;:").replace("``", "`").replace("|", "\\|")


def place(source: Source, name: str) -> str:
    """Where a definition stands, as the page shows it."""
    return f"`{source.path}:{name}`" if name else f"`{source.path}`"


def limited(places: list[str]) -> str:
    """The first of a list, and how many more there are."""
    kept = list(dict.fromkeys(places))
    return "<br>".join(kept[:SHOWN] + ([f"and {len(kept) - SHOWN} more"] if len(kept) > SHOWN else []))


def few(places: list[str]) -> list[str]:
    """Those places, or none where they are so many that they are not about the equation."""
    return places if len(places) <= MANY else []


def targets(cited: list[tuple[Source, str, ast.AST]]) -> set[str]:
    """Dotted names of the functions that cite an equation; where only a module does, of all it defines."""
    dotted = {f"{source.module}.{name.split('.')[0]}" for source, name, _ in cited if name}
    return dotted or {f"{source.module}.{name}" for source, _, _ in cited for name, _ in source.definitions() if name}


class Page:
    """The tables of docs/equations.md."""

    def __init__(self) -> None:
        self.rooms = {room: sources(room) for room in ROOMS}
        self.theory = citations(self.rooms["theory"])
        self.others = citations(self.rooms["numerics"] + self.rooms["validation"])
        files = [s for s in sources("tests") if Path(s.path).name.startswith("test_")]
        self.tests = [
            (s, name, s.uses(n), "\n".join(map(ast.unparse, s.parts(n))))
            for s in files
            for name, n in s.definitions()
            if name.startswith("test_")
        ]
        self.users = [(s, name, s.uses(node)) for room in ("numerics", "validation") for s in self.rooms[room]
                      for name, node in s.definitions() if name and "." not in name]  # fmt: skip

    def computed(self, label: str) -> str:
        """Functions of numerics and validation that cite an equation, or call theory's function or its kernel."""
        cited = [place(s, name) for s, name, _ in self.others.get(label, [])]
        module, kernels = GENERATED.get(label, ("", ()))
        wanted = {f"cumulode.{PLACE.replace('/', '.')}.{module}.{kernel}" for kernel in kernels}
        wanted |= targets(self.theory.get(label, [])) if label not in GENERATED else set()
        called = few([place(s, name) for s, name, uses in self.users if uses & wanted])
        if module == "erf":
            called.append("`numerics/compile/closure_kernels.py:coefficients_kernel`")
        return limited(cited + called)

    def tested(self, label: str) -> str:
        """Tests that cite an equation, call theory's functions for it, or run its closure by name."""
        cited = [place(s, name) for s, name, _, text in self.tests if f"({label}," in text]
        wanted = targets(self.theory.get(label, []))
        called = few([place(s, name) for s, name, uses, _ in self.tests if uses & wanted])
        named = [
            place(s, name)
            for folder in CLOSURE_TESTS
            for s, name, _, text in self.tests
            if s.path.startswith(folder) and f"'{CLOSURES.get(label)}'" in text
        ]
        own = {f"{s.module}.{name.split('.')[0]}" for s, name, _ in self.others.get(label, []) if name}
        indirect = few([place(s, name) for s, name, uses, _ in self.tests if uses & own])
        generated = ["`tests/numerics/compile/test_codegen.py`"] if label in GENERATED else []
        tests = cited + called + named[:SHOWN] + (indirect if not called else []) + generated
        return limited(tests or self.tests_of_modules(label) or [DERIVATION_TEST])

    def tests_of_modules(self, label: str) -> list[str]:
        """Tests that use anything of the modules that state an equation."""
        modules = tuple(f"{s.module}." for s, _, _ in self.theory.get(label, []))
        users = [place(s, name) for s, name, uses, _ in self.tests if any(used.startswith(modules) for used in uses)]
        return few(users) if modules else []

    def row(self, label: str, name: str) -> str:
        """One equation."""
        document = label.split(".")[0]
        cited = self.theory.get(label, [])
        module, kernels = GENERATED.get(label, ("", ()))
        generated = "<br>".join(f"`{PLACE}/{module}.py:{kernel}`" for kernel in kernels)
        cells = (
            f"[{label}](../derivations/{document}.md) {name}",
            statement(cited or self.others.get(label, [])),
            limited([place(s, n) for s, n, _ in cited]),
            generated,
            self.computed(label),
            self.tested(label),
        )
        return "| " + " | ".join(cells) + " |"

    def text(self) -> str:
        """The page as Markdown."""
        parts = [HEAD.replace("TESTED", self.tested("closures.26").replace("<br>", ", "))]
        document = None
        for label, name in named_equations().items():
            if label.split(".")[0] != document:
                document = label.split(".")[0]
                title = (ROOT / "derivations" / f"{document}.md").read_text().splitlines()[0].lstrip("# ")
                parts += [f"\n## {document}: {title}\n", COLUMNS]
            parts.append(self.row(label, name))
        return "\n".join(parts) + "\n"


def main() -> None:
    """Write docs/equations.md."""
    (ROOT / "docs" / "equations.md").write_text(Page().text())


if __name__ == "__main__":
    main()
