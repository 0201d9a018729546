"""A cell can be run again after later ones: no later cell gives another meaning to a name that it imports or calls."""

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
SCOPES = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def within(node):
    """The nodes below `node`, and the scopes that begin there, but not what lies in those scopes."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from within(child)


def bound(scope):
    """The names that `scope` gives a value to, other than by an import: in a cell, those that later cells see."""
    names = {node.id for node in within(scope) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.name for node in within(scope) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def called(scope):
    """The names of the notebook that are called in `scope`, or in a function that begins there."""
    names = {node.func.id for node in within(scope) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for inner in (node for node in within(scope) if isinstance(node, SCOPES)):
        arguments = {node.arg for node in ast.walk(inner) if isinstance(node, ast.arg)}
        names |= called(inner) - bound(inner) - arguments
    return names


def imported(cell):
    lines = (node for node in ast.walk(cell) if isinstance(node, ast.Import | ast.ImportFrom))
    return {(name.asname or name.name).partition(".")[0] for line in lines for name in line.names}


def broken(sources):
    """The names, with the number of the code cell, that stand for something else from there on."""
    cells = [ast.parse(source) for source in sources]
    every_import, calls, found = set().union(*map(imported, cells)), set(), []
    for number, cell in enumerate(cells):
        found += [(number, name) for name in sorted(bound(cell) & (every_import | calls))]
        calls |= called(cell)
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_name_that_is_imported_or_was_called_is_bound_again(path):
    cells = nbformat.read(path, as_version=4).cells
    assert broken(cell.source for cell in cells if cell.cell_type == "code") == []


@pytest.mark.parametrize(
    ("first", "second", "is_broken"),
    [
        ("from charrnn_helpers.exercises import written\ngru = written('3.2')", "written = []", True),
        ("def choose(): ...\nchoose()", "choose = 3", True),
        ("def wrapper():\n    return choose()", "for choose in (1, 2): ...", True),
        ("def wrapper(choose):\n    return choose()", "choose = 3", False),
        ("def wrapper():\n    choose = print\n    choose()", "choose = 3", False),
        ("lengths = [measure(text) for text in 'ab']", "def measure(text): ...", True),
        ("lengths = [model(2) for model in (int, float)]", "model = int", False),
        ("def choose(): ...", "choose = 3\n[print for print in 'ab']", False),
    ],
)
def test_a_function_under_another_name_later_is_seen_and_its_own_names_are_its_own(first, second, is_broken):
    assert bool(broken([first, second])) == is_broken
