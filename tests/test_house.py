"""The house: rooms in one order, nothing that imports upward or in a circle, modules that can be read, one meaning a name."""

import ast
from collections import Counter, defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "charrnn_helpers"
ROOMS = (
    "text",
    "networks",
    "training",
    "sampling",
    "measures",
    "experiments",
    "figures",
    "panels",
    "exercises",
    "lecturer",
)
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py"
}


def imports_of(name):
    """The modules of the package that a module imports, anywhere in it."""
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = name.split(".")[: -node.level]
            place = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield from (place,) if place in MODULES else (f"{place}.{one.name}".strip(".") for one in node.names)


def room_of(name):
    return name.split(".")[0]


def test_every_module_is_in_a_room_and_the_package_lists_them_in_order():
    assert {room_of(name) for name in MODULES} == set(ROOMS)
    listed = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))).splitlines()
    assert [line.split()[0] for line in listed if line.split()[:1] and line.split()[0] in ROOMS] == list(ROOMS)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_its_room_and_from_those_above(name):
    above = ROOMS[: ROOMS.index(room_of(name)) + 1]
    found = set(imports_of(name))
    assert found <= set(MODULES)
    assert {one for one in found if room_of(one) not in above} == set()


def test_no_imports_go_round_in_a_circle():
    order = list(TopologicalSorter({name: set(imports_of(name)) for name in MODULES}).static_order())
    assert len(order) == len(MODULES)
    assert order.index("networks.fused_gru") < order.index("training.loop")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_and_can_be_read(name):
    assert ast.get_docstring(MODULES[name])
    path = PACKAGE / f"{name.replace('.', '/')}.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_no_public_name_has_two_meanings():
    places = defaultdict(list)
    for name, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                places[node.name].append(name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
                for one in Counter(names):
                    places[one].append(name)
    assert {name: where for name, where in places.items() if len(where) > 1 and not name.startswith("_")} == {}
