"""Kernels as JavaScript, statement by statement.

What is translated is the source that numba compiles (``generated``), so no formula is written twice. It knows what
kernels are made of (arithmetic, ``math``, branches, loops over ranges, arrays by index) and refuses anything else.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

#: Functions of ``math`` and builtins by their names in JavaScript; ``erf`` must be there when it runs.
FUNCTIONS = {
    name: f"Math.{name}"
    for name in "sqrt exp log log1p expm1 sin cos tan sinh cosh tanh asin acos atan atan2 asinh acosh atanh".split()  # noqa: SIM905
}
FUNCTIONS |= {"erf": "erf", "abs": "Math.abs", "min": "Math.min", "max": "Math.max", "int": "Math.trunc"}
FUNCTIONS |= {"floor": "Math.floor", "isfinite": "Number.isFinite", "float": "Number"}
CONSTANTS = {"pi": "Math.PI", "inf": "Infinity", "nan": "NaN"}
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.BitOr: "|", ast.BitAnd: "&",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!==",
    ast.And: "&&", ast.Or: "||", ast.USub: "-", ast.UAdd: "+", ast.Not: "!",
}  # fmt: skip
#: Powers up to this are written as products, as the compiler makes them.
PRODUCTS = 8


#: What Python's remainder is.
MODULO = "function modulo(a, b) {\n  return a - b * Math.floor(a / b);\n}\n"


def translate(source: str, wanted: Iterable[str]) -> str:
    """The functions ``wanted`` of a module of kernels, with the functions and numbers of it that they use.

    Raises
    ------
    ValueError
        Naming what it has no translation for, and the line.
    """
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    numbers = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    todo, used = list(wanted), dict.fromkeys(wanted)
    while todo:
        for node in ast.walk(functions[todo.pop()]):
            if isinstance(node, ast.Name) and (node.id in functions or node.id in numbers) and node.id not in used:
                used[node.id] = None
                todo += [node.id] if node.id in functions else []
    lines = [f"const {name} = {_expression(numbers[name])};" for name in numbers if name in used]
    return "\n\n".join(["\n".join(lines), *(_function(functions[name]) for name in functions if name in used)]) + "\n"


def _function(node: ast.FunctionDef) -> str:
    arguments = [a.arg for a in node.args.args]
    words = ast.get_docstring(node)
    body = node.body[1:] if words else node.body
    names = dict.fromkeys(
        name.id
        for part in ast.walk(node)
        for name in ast.walk(part)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store) and name.id not in arguments
    )
    lines = [f"// {words.splitlines()[0]}"] if words else []
    lines += [f"function {node.name}({', '.join(arguments)}) {{"]
    lines += [f"  let {', '.join(names)};"] if names else []
    return "\n".join([*lines, *_block(body, "  "), "}"])


def _block(body: list[ast.stmt], pad: str) -> list[str]:
    return [line for statement in body for line in _statement(statement, pad)]


def _statement(node: ast.stmt, pad: str) -> list[str]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript) and _is_slice(node.targets[0]):
        return [f"{pad}{_fill(node.targets[0], node.value)};"]
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return [f"{pad}{_target(node.targets[0])} = {_expression(node.value)};"]
    if isinstance(node, ast.AugAssign):
        return [f"{pad}{_target(node.target)} {OPERATORS[type(node.op)]}= {_expression(node.value)};"]
    if isinstance(node, ast.Return) and node.value is not None:
        return [f"{pad}return {_expression(node.value)};"]
    if isinstance(node, ast.If):
        lines = [f"{pad}if ({_expression(node.test)}) {{", *_block(node.body, pad + "  ")]
        lines += [f"{pad}}} else {{", *_block(node.orelse, pad + "  ")] if node.orelse else []
        return [*lines, f"{pad}}}"]
    if isinstance(node, ast.While) and not node.orelse:
        return [f"{pad}while ({_expression(node.test)}) {{", *_block(node.body, pad + "  "), f"{pad}}}"]
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
        return [f"{pad}{_loop(node.target.id, node.iter)} {{", *_block(node.body, pad + "  "), f"{pad}}}"]
    if isinstance(node, (ast.Continue, ast.Break)):
        return [f"{pad}{type(node).__name__.lower()};"]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return [f"{pad}{_expression(node.value)};"]
    raise _unknown(node)


def _loop(name: str, over: ast.expr) -> str:
    """``for`` over a range that rises, or over a few numbers."""
    if isinstance(over, ast.Tuple):
        return f"for ({name} of {_expression(over)})"
    if not (isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "range"):
        raise _unknown(over)
    ends = [_expression(a) for a in over.args]
    step = over.args[2] if len(ends) == 3 else ast.Constant(1)
    rises = isinstance(step, ast.Name) or (isinstance(step, ast.Constant) and int(ast.literal_eval(step)) > 0)
    if not rises:
        raise _unknown(over)
    first, last = ends[:2] if len(ends) > 1 else ("0", ends[0])
    return f"for ({name} = {first}; {name} < {last}; {name} += {_expression(step)})"


def _is_slice(node: ast.Subscript) -> bool:
    places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return isinstance(places[-1], ast.Slice)


def _fill(target: ast.Subscript, value: ast.expr) -> str:
    """A part of a row set to a number, or to another row."""
    view = _place(target)
    return (
        f"{view}.fill({_expression(value)})" if isinstance(value, ast.Constant) else f"{view}.set({_expression(value)})"
    )


def _target(node: ast.expr) -> str:
    if isinstance(node, ast.Tuple):
        return f"[{', '.join(map(_target, node.elts))}]"
    return _expression(node)


def _expression(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return json.dumps(node.value)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Tuple):
        return f"[{', '.join(map(_expression, node.elts))}]"
    if isinstance(node, ast.BinOp):
        return _power(node) if isinstance(node.op, ast.Pow) else _operation(node, [node.left, node.right])
    if isinstance(node, ast.BoolOp):
        return _operation(node, node.values)
    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
        return f"({OPERATORS[type(node.op)]}{_expression(node.operand)})"
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
        return f"({_expression(node.left)} {OPERATORS[type(node.ops[0])]} {_expression(node.comparators[0])})"
    if isinstance(node, ast.IfExp):
        return f"({_expression(node.test)} ? {_expression(node.body)} : {_expression(node.orelse)})"
    if isinstance(node, ast.Subscript):
        return _place(node)
    if isinstance(node, ast.Attribute) and _from_math(node) and node.attr in CONSTANTS:
        return CONSTANTS[node.attr]
    if isinstance(node, ast.Attribute) and node.attr == "size":
        return f"{_expression(node.value)}.length"
    if isinstance(node, ast.Call) and not node.keywords:
        if ast.unparse(node.func) == "len":
            return f"{_expression(node.args[0])}.length"
        if ast.unparse(node.func) == "np.empty":
            return f"new Float64Array({_expression(node.args[0])})"
        return f"{_called(node.func)}({', '.join(map(_expression, node.args))})"
    raise _unknown(node)


def _place(node: ast.Subscript) -> str:
    """An entry of an array, whose rows are arrays; a part of a row, as a view; or its length along an axis."""
    places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if isinstance(places[-1], ast.Slice):
        row = _expression(node.value) + "".join(f"[{_expression(p)}]" for p in places[:-1])
        low, high = (None if end is None else _expression(end) for end in (places[-1].lower, places[-1].upper))
        if places[-1].step is not None:
            raise _unknown(node)
        return f"{row}.subarray({low or 0}{', ' + high if high else ''})"
    if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
        return _expression(node.value.value) + "[0]" * int(ast.literal_eval(places[0])) + ".length"
    return _expression(node.value) + "".join(f"[{_expression(p)}]" for p in places)


def _operation(node: ast.BinOp | ast.BoolOp, parts: list[ast.expr]) -> str:
    if type(node.op) not in OPERATORS:
        raise _unknown(node)
    if isinstance(node.op, ast.Mod):  # Python's has the sign of what it divides by
        return "modulo(" + ", ".join(map(_expression, parts)) + ")"
    return "(" + f" {OPERATORS[type(node.op)]} ".join(map(_expression, parts)) + ")"


def _power(node: ast.BinOp) -> str:
    """Small whole powers as products."""
    base, n = _expression(node.left), node.right
    small = isinstance(n, ast.Constant) and isinstance(n.value, int) and 1 < n.value <= PRODUCTS
    if small and isinstance(node.left, ast.Name):
        return "(" + "*".join([base] * int(ast.literal_eval(n))) + ")"
    return f"Math.pow({base}, {_expression(n)})"


def _called(node: ast.expr) -> str:
    """The name of a function: of ``math``, a builtin, of the module itself, or ``sort`` of an array."""
    if isinstance(node, ast.Attribute) and _from_math(node) and node.attr in FUNCTIONS:
        return FUNCTIONS[node.attr]
    if isinstance(node, ast.Name):
        return FUNCTIONS.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and node.attr == "sort":
        return f"{_expression(node.value)}.sort"
    raise _unknown(node)


def _from_math(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "math"


def _unknown(node: ast.AST) -> ValueError:
    return ValueError(f"line {getattr(node, 'lineno', 0)}: no translation for {ast.unparse(node)[:60]!r}")
