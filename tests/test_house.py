"""The house: rooms in one order, no import upward or in a circle, modules that can be read."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "charrnn_helpers"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py"
}
LISTED = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))).splitlines()[2:]
ROOMS = [line.split()[0] for line in LISTED]  # in order


def imports_of(name):
    """The modules of the package that a module imports, anywhere in it."""
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = name.split(".")[: -node.level]
            place = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield from (place,) if place in MODULES else (f"{place}.{one.name}".strip(".") for one in node.names)


def room_of(name):
    return name.split(".")[0]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_can_be_read_and_imports_only_from_its_room_and_from_those_above(name):
    assert ast.get_docstring(MODULES[name])
    path = PACKAGE / f"{name.replace('.', '/')}.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
    assert room_of(name) in ROOMS
    found = set(imports_of(name))
    assert found <= set(MODULES)
    assert {one for one in found if ROOMS.index(room_of(one)) > ROOMS.index(room_of(name))} == set()


def test_no_imports_go_round_in_a_circle():
    TopologicalSorter({name: set(imports_of(name)) for name in MODULES}).prepare()  # raises CycleError
