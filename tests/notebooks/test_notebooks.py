"""House rules of the notebooks as they are committed, and: what a notebook defines is what the package holds."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IGNORED = "nbval-ignore-output"
MAY_FAIL = {"raises-exception", "nbval-raises-exception"}
UNCHECKED = {IGNORED, "nbval-skip"}
WIDGET = "application/vnd.jupyter.widget-view+json"

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def outputs_of(path):
    """All outputs with the cell that they belong to."""
    return [(cell, output) for cell in code_cells(read(path)) for output in cell.outputs]


def text_of(output):
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


def printed(cell):
    return "".join(map(text_of, cell.outputs)).strip()


def asked(cells):
    """Numbers of the exercises that code cells check."""
    return {number for cell in cells for number in re.findall(r'\bcheck\("(\d+\.\d+)"', cell.source)}


def prose(path):
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def sections(path):
    """Cells from one `## ` heading to the next."""
    found = [[]]
    for cell in read(path).cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            found.append([])
        found[-1].append(cell)
    return [section for section in found if section]


def test_there_are_notebooks_numbered_without_a_gap_from_their_first():
    assert NOTEBOOKS
    numbers = [int(path.stem[:2]) for path in NOTEBOOKS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(re.fullmatch(r"\d\d_[a-z_]+", path.stem) for path in NOTEBOOKS)


# --- as saved -------------------------------------------------------------------------------------------------------


@every_notebook
def test_file_is_a_valid_notebook_of_modest_size_without_widget_state_or_clock_times(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert path.stat().st_size < 1_500_000
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert "widgets" not in notebook.metadata
    assert [cell.id for cell in notebook.cells if "execution" in cell.metadata] == []


@every_notebook
def test_every_code_cell_was_run_once_and_in_order(path):
    """nbval does not check a cell without a count."""
    counts = [cell.execution_count for cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_no_errors_and_nothing_on_stderr(path):
    for cell, output in outputs_of(path):
        if not tags(cell) & MAY_FAIL:
            assert output.output_type != "error", cell.source
        assert output.get("name") != "stderr", output.text


@every_notebook
def test_every_figure_and_every_panel_says_in_words_what_it_shows(path):
    for cell, output in outputs_of(path):
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data):
            assert re.match(r"\[figure\] \w.{30}", text_of(output)), cell.source
        if WIDGET in data:
            assert re.match(r"\[panel\] \w.{30}", text_of(output)), cell.source
        assert "%|" not in text_of(output), f"a progress bar was saved with the cell:\n{cell.source}"
        if "text/html" in data:
            assert "text/plain" in data, cell.source


@every_notebook
def test_a_panel_has_a_static_example_beside_it_and_something_to_try(path):
    """In the section of a panel stand a figure or a printed result, and a sentence that tells what to try."""
    for section in sections(path):
        panels = [cell for cell in section if any(WIDGET in out.get("data", {}) for out in cell.get("outputs", []))]
        if panels:
            title = section[0].source.split("\n")[0]
            others = [cell for cell in section if cell.cell_type == "code" and cell not in panels]
            assert any(printed(cell) for cell in others), title
            assert re.search(r"\b[Tt]ry\b", "\n".join(cell.source for cell in section)), title


# --- manner ---------------------------------------------------------------------------------------------------------


@every_notebook
def test_cells_are_short(path):
    lengths = sorted(len(cell.source.splitlines()) for cell in code_cells(read(path)))
    assert lengths[-1] <= 40
    assert lengths[len(lengths) // 2] <= 10


@every_notebook
def test_every_cell_has_its_place_in_the_slide_show(path):
    kinds = {cell.metadata.get("slideshow", {}).get("slide_type") for cell in read(path).cells}
    assert kinds <= {"slide", "subslide", "fragment", "skip", "notes", "-"}


@every_notebook
def test_title_running_time_and_the_way_to_the_next(path):
    notebook = read(path)
    assert re.match(rf"# {path.stem[:2]} · .+\?\n", notebook.cells[0].source)  # its question
    linked = set(re.findall(r"\]\((\d\d_[a-z_]+)\.ipynb[#\w-]*\)", prose(path)))
    place = NOTEBOOKS.index(path)
    neighbours = {other.stem for other in NOTEBOOKS[max(0, place - 1) : place + 2]} - {path.stem}
    assert linked & neighbours
    opening = "\n".join(cell.source for cell in notebook.cells[:3] if cell.cell_type == "markdown")
    assert re.search(r"[Aa]bout (\d+|a|one|two|three|four|five|ten|half a) (s|seconds?|minutes?)\b", opening)


@every_notebook
def test_every_link_to_a_file_leads_to_one(path):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", prose(path))
    assert [link for link in links if not (path.parent / link).exists()] == []


@every_notebook
def test_at_least_three_exercises_each_left_open(path):
    cells = [cell for cell in code_cells(read(path)) if asked([cell])]
    assert len(asked(cells)) >= 3
    assert [cell.source for cell in cells if "is still open" not in printed(cell)] == []
    for exercise in asked(cells):
        assert re.match(rf"{int(path.stem[:2])}\.", exercise)
        assert f"**{exercise}**" in prose(path), f"{exercise} is not explained"


@every_notebook
def test_exercises_of_a_notebook_have_checks_hints_and_solutions(path):
    from charrnn_helpers.exercises import EXERCISES

    asked = re.findall(r'\bcheck\("(\d+\.\d+)"', "\n".join(cell.source for cell in code_cells(read(path))))
    for exercise in asked:
        assert EXERCISES[exercise].hints
        assert exercise in EXERCISES[exercise].solution
    number = path.stem[:2].lstrip("0")
    registered = {exercise for exercise in EXERCISES if exercise.split(".")[0] == number}
    assert registered <= set(asked), "an exercise that no notebook asks"


@every_notebook
def test_lecturer_finds_collapsed_cells_with_minutes(path):
    """Collapsed by the cell's metadata (until "Run All" opens it) or by `<details>`, which stays shut."""
    cells = [cell for cell in read(path).cells if "instructor" in tags(cell)]
    assert len(cells) >= 2
    for cell in cells:
        assert cell.cell_type == "markdown"
        folded = cell.source.startswith("<details>") and "</details>" in cell.source
        assert folded or cell.metadata.get("jupyter", {}).get("source_hidden") is True
        title = r"(?:<details>\s*<summary>)?\s*(?:\*\*|<b>)For the lecturer(?:\*\*|</b>) · \d+ minutes?"
        assert re.match(title, cell.source), cell.source


@every_notebook
def test_findings_are_stated(path):
    assert re.search(r"^## .*What we found|^### .*What we found|\*What we found\*", prose(path), re.MULTILINE)


@every_notebook
def test_a_reader_sees_at_the_end_which_exercises_are_solved(path):
    number = int(path.stem[:2])
    cells = code_cells(read(path))
    assert cells[-1].source == f"progress({number})"
    assert printed(cells[-1]).startswith(f"0 of {len(asked(cells))} solved: ")


@every_notebook
def test_a_notebook_alone_says_what_it_needs(path, monkeypatch):
    """On a host that opens a single file: the first cell says what to do instead of a bare ModuleNotFoundError."""
    first = code_cells(read(path))[0].source
    exec(first, {})  # silent where all is there
    monkeypatch.setitem(sys.modules, "charrnn_helpers", None)
    with pytest.raises(ImportError, match="clone the whole repository"):
        exec(first, {})


# --- strict checking ------------------------------------------------------------------------------------------------


@every_notebook
def test_at_most_half_of_the_code_cells_are_left_unchecked(path):
    cells = code_cells(read(path))
    assert 2 * sum(bool(tags(cell) & UNCHECKED) for cell in cells) <= len(cells)
    assert not [cell.source for cell in cells if "nbval-skip" in tags(cell)]


@every_notebook
def test_every_unchecked_cell_is_followed_by_one_that_checks_it(path):
    """After it, in the same section, a cell states what must hold; an exercise does not count."""
    for section in sections(path):
        waiting = None
        for cell in (cell for cell in section if cell.cell_type == "code"):
            if IGNORED in tags(cell):
                waiting = cell
            elif printed(cell) and "check(" not in cell.source:
                waiting = None
        assert waiting is None, f"nothing checks:\n{waiting.source}"


@every_notebook
def test_nothing_that_breaks_strict_comparison(path):
    for cell in code_cells(read(path)):
        words = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(ast.parse(cell.source))}
        unwanted = {"clear_output", "interact", "interactive", "interactive_output", "plt", "pyplot"}
        assert not words & unwanted, cell.source


@every_notebook
def test_checked_outputs_hold_no_address_in_memory_and_no_time(path):
    for cell, output in outputs_of(path):
        if not tags(cell) & UNCHECKED:
            assert not re.search(r"0x[0-9a-f]{6,}|\d it/s|\bgrad_fn=", text_of(output)), text_of(output)


# --- here and nowhere else ------------------------------------------------------------------------------------------


@every_notebook
def test_no_absolute_paths_of_any_machine(path):
    pattern = r"(?<![\w./:])/(?:work|tmp|home|root|Users|usr|opt|mnt|var|content)/\w|\b[A-Z]:\\\\?\w"
    for cell in read(path).cells:
        assert not re.search(pattern, cell.source), cell.source
        for output in cell.get("outputs", []):
            text = output.get("text", "") + "".join(
                str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/")
            )
            assert not re.search(pattern, text), text


@every_notebook
def test_nothing_is_fetched_from_the_network(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":  # links may lead there; pictures, frames and scripts may not
            assert not re.search(r"!\[[^]]*\]\(\s*(https?:)?//|<(img|iframe|script|link|video)\b[^>]*//", cell.source)
            continue
        assert not re.search(r"https?://|\burllib\b|\brequests\b|\burlopen\b|^\s*[!%]", cell.source, re.MULTILINE)
        texts = [node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant)]
        assert "shakespeare" not in texts, cell.source


# --- one definition -------------------------------------------------------------------------------------------------


def plain(definition):
    """The code of a definition, without comments, layout, docstrings and annotations."""
    definition = ast.parse(ast.unparse(definition)).body[0]
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(...)
    return ast.unparse(definition)


def definitions(source):
    return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def in_the_package():
    """What each public name means that is defined in the package: its definitions, without layout."""
    found = {}
    for module in (ROOT / "charrnn_helpers").rglob("*.py"):
        if module.parent.name == "exercises" or module.stem == "fault_program":
            continue  # programs of their own: wrong answers, and a loop to plant faults in
        for node in definitions(module.read_text(encoding="utf-8")):
            if not node.name.startswith("_"):
                found.setdefault(node.name, []).append(plain(node))
    return found


@every_notebook
def test_definitions_shown_are_those_that_later_notebooks_import(path):
    package = in_the_package()
    shown = [node for cell in code_cells(read(path)) for node in definitions(cell.source) if node.name in package]
    for node in shown:
        assert plain(node) in package[node.name], f"{node.name} is another one in the package"


def test_the_cells_and_the_models_are_among_what_notebooks_show():
    """The comparison above compares something: 02 and 03 define what everyone imports."""
    cells = [cell for path in NOTEBOOKS if path.stem in ("02_lstm", "03_gru") for cell in code_cells(read(path))]
    shown = {node.name for cell in cells for node in definitions(cell.source)}
    assert {"LSTMCell", "LSTMModel", "GRUCell", "GRUModel"} <= shown


def test_comparison_sees_code_and_not_comments():
    (first,) = definitions('def f(x: int) -> int:\n    """Doc."""\n    return x + 1  # comment\n')
    (same,) = definitions("def f(x):\n    return (x + 1)\n")
    (other,) = definitions("def f(x):\n    return x + 2\n")
    assert plain(first) == plain(same) != plain(other)
