"""The exercises of a notebook without the course around them, and otter-grader's test for each."""

import ast
import re
import zipfile
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

CHECK = re.compile(r'\bcheck\(["\'](\d+[a-z])["\'], ')
MEASURED = re.compile(r"\A\s*%%(time|timeit|capture|prun)\b.*")  # magics that run the rest of their cell as it is
TEST = """OK_FORMAT = False

from charrnn_helpers.exercises import EXERCISES
from charrnn_helpers.exercises.engine import judge
from otter.test_files import test_case

name, results = "{name}", []


def outcome(points):
    def test(env):
        if not results:
            results.append(judge(EXERCISES["{number}"], env.get("answer_{name}", env.get("{stub}"))))
        said = f"{{results[0].mistake or results[0].state}} "  # otter would cut off a quotation mark at the end
        assert results[0].points >= points, said

    return test_case(points=0.5)(test)


half, whole = outcome(0.5), outcome(1)
"""


def exercises_of(notebook) -> dict[str, str]:
    """Return the numbers of the exercises in a notebook of the course, each with the name of what a student writes."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code" and CHECK.search(cell.source)]
    return {number: answer for source in sources for number, answer in map(_answer, _parse(source)) if number}


def tag_cells(notebook) -> None:
    """Tag each cell of an exercise with its number, and cells that otter need not run with `otter_ignore`."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            asked = [f"exercise-{number}" for number in CHECK.findall(cell.source)]
            idle = [] if any(map(_is_light, _parse(cell.source))) else ["otter_ignore"]
            cell.metadata.tags = [*cell.metadata.get("tags", []), *(asked or idle)]


def write_tests(path: Path, names: dict[str, str]) -> Path:
    """Write otter's `autograder.zip` for the exercises of `exercises_of`: for each of them two cases of half a point.

    "17_2a" is a test of `answer_17_2a`, as "2a" is one of `answer_2a`.
    """
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("otter_config.json", '{"lang": "python"}')
        for name, stub in names.items():
            number = name.rpartition("_")[2]
            file.writestr(f"tests/{name}.py", TEST.format(name=name, number=number, stub=stub))
    return path


def steps_of(notebook, names: dict[str, str]) -> tuple[list[tuple], dict[str, str]]:
    """Return what is run of a notebook that was handed in, and by exercise the cells that are not Python.

    Of each cell of an exercise all is run, with `answer_2a = ...` in the place of `check("2a", ...)`. Of the other
    cells only those imports, definitions and constants are run that these need: no network is trained, no panel is
    opened. A step is a list of exercises, which is empty for other cells, and its code.
    """
    cells, unreadable = [], {}
    for cell in notebook.cells:
        tags = [tag.removeprefix("exercise-") for tag in cell.metadata.get("tags", [])]
        asked = sorted({*names} & {*CHECK.findall(cell.source), *tags})
        try:
            lines = _parse(cell.source) if cell.cell_type == "code" else []
        except SyntaxError as error:
            unreadable |= {number: f"line {error.lineno} of the cell is not Python: {error.msg}" for number in asked}
            continue
        cells.append((asked, [_with_answer(line) for line in lines if asked or _is_light(line)]))
    needed = {*names.values()}.union(*(_names(line) for asked, lines in cells if asked for line in lines))
    for _ in cells:  # what is needed may need others
        others = [line for asked, lines in cells if not asked for line in lines if _bound(line) & needed]
        needed = needed.union(*map(_names, others))
    steps = [(asked, [line for line in lines if asked or _bound(line) & needed]) for asked, lines in cells]
    return [(asked, "\n".join(map(ast.unparse, lines))) for asked, lines in steps if asked or lines], unreadable


def _parse(source: str) -> list[ast.stmt]:
    """Parse a cell; magics such as `%time` become calls, and `%%time` is left out. Raises `SyntaxError`."""
    return ast.parse(TransformerManager().transform_cell(MEASURED.sub("", source))).body


def _answer(statement: ast.stmt) -> tuple[str, str]:
    """Return "2a" and "answer" of `check("2a", answer)`; two empty texts for any other statement."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and len(call.args) == 2 and (found := CHECK.match(ast.unparse(call))):
        return found[1], ast.unparse(call.args[1])
    return "", ""


def _with_answer(statement: ast.stmt) -> ast.stmt:
    number, answer = _answer(statement)
    return ast.parse(f"answer_{number} = {answer}").body[0] if number else statement


def _is_light(statement: ast.stmt) -> bool:
    """Is it an import, a definition, a value without a call, or `written(...)`?"""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        return all(ast.unparse(call.func) == "written" for call in calls)
    return isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


def _names(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a light statement binds."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
