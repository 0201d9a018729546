"""A cell can be run again after later ones: no later cell gives another meaning to a name that it imports or calls."""

import ast

import nbformat
import pytest
import sizes

NOTEBOOKS = [*sizes.COURSE, *sizes.LABORATORY]
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_name_that_is_imported_or_was_called_is_bound_again(path):
    cells = [ast.parse(cell.source) for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    imports, calls, bound_again = set().union(*map(imported, cells)), set(), []
    for number, cell in enumerate(cells, start=1):
        bound_again += [(number, name) for name in sorted(bound(cell) & (imports | calls))]
        calls |= called(cell)
    assert bound_again == []
