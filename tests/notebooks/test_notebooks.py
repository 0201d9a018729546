"""House rules of the notebooks as they are committed, and: what a notebook defines is what the package holds."""

import ast
import re

import nbformat
import pytest
import torch
from sizes import COURSE, LABORATORY, ROOT
from torch import nn

from charrnn_helpers import GRUModel, LSTMModel, load_checkpoint, load_corpus, measures, sampling
from charrnn_helpers.exercises import EXERCISES
from charrnn_helpers.exercises.predictions import _questions
from charrnn_helpers.text import annotate, split_stories
from charrnn_helpers.training import BUNDLED

NOTEBOOKS = [*COURSE, *LABORATORY]
GUIDES = [ROOT / "notebooks" / folder / "for_lecturers.md" for folder in ("", "further")]
PAGES = [ROOT / "README.md", *GUIDES, ROOT / "tests" / "CONTRIBUTING.md"]
CHECKS = ("checked", "checked_on_failure", "explain_wrong_state")  # decorators that a notebook leaves out
WIDGET = "application/vnd.jupyter.widget-view+json"

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
every_notebook_of_the_course = pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)


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
    return "\n".join(map(text_of, cell.outputs)).strip()


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


# --- as saved -------------------------------------------------------------------------------------------------------


@every_notebook
def test_file_is_valid_of_modest_size_run_once_in_order_and_without_state_clock_times_and_warnings(path):
    """nbval does not check a cell without a count, nor what goes to stderr."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert path.stat().st_size < 1_500_000
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    assert [cell.id for cell in notebook.cells if "execution" in cell.metadata] == []
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    assert [output.text for _, output in outputs_of(path) if output.get("name") == "stderr"] == []


@every_notebook
def test_every_figure_and_every_panel_says_in_words_what_it_shows_and_nothing_failed(path):
    for cell, output in outputs_of(path):
        assert output.output_type != "error" or "raises-exception" in tags(cell), cell.source
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data):
            assert re.match(r"\[figure\] \w.{30}", text_of(output)), cell.source
        if WIDGET in data:
            assert re.match(r"\[panel\] \w.{30}", text_of(output)), cell.source
        assert not re.search(r"%\||\bgrad_fn=", text_of(output)), cell.source  # a progress bar, autograd's notes
        if "text/html" in data:
            assert "text/plain" in data, cell.source


@every_notebook
def test_beneath_every_panel_stands_a_picture_for_pages_without_a_kernel_and_it_says_what_to_try(path):
    """Taken by `tests/tools/regenerate.py --panels`; its words say what the panel shows."""
    cells = read(path).cells
    for cell, below in zip(cells, [*cells[1:], None]):
        if cell.cell_type == "code" and re.search(r"\w_panel\(", cell.source):
            name = f"{'../' if path in LABORATORY else ''}figures/panel_{path.stem[:2]}.png"
            assert below is not None, cell.source
            assert below.cell_type == "markdown", cell.source
            assert re.match(rf"!\[\w[^]]{{30,}}\]\({re.escape(name)}\)", below.source), below.source
            assert (path.parent / name).stat().st_size < 80_000
            (section,) = (section for section in sections(path) if cell in section)
            assert re.search(r"\b[Tt]ry\b", "\n".join(cell.source for cell in section)), "what is there to try?"


# --- manner ---------------------------------------------------------------------------------------------------------


@every_notebook
def test_cells_are_short_and_few_and_have_their_place_in_the_slide_show(path):
    notebook = read(path)
    lengths = sorted(len(cell.source.splitlines()) for cell in code_cells(notebook))
    assert lengths[-1] <= 40
    assert lengths[len(lengths) // 2] <= 10
    assert len(lengths) <= 50
    kinds = {cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells}
    assert kinds <= {"slide", "subslide", "fragment", "skip", "-"}
    assert [cell.source for cell in notebook.cells if "\n## " in cell.source] == []  # a section begins with its cell


@every_notebook
def test_it_opens_with_its_question_and_the_glossary_leads_to_its_neighbours_and_states_findings(path):
    """Its running time: see test_readme.py."""
    opening, text = read(path).cells[0].source, prose(path)
    assert re.match(rf"# {path.stem[:2]} · .+\?\n", opening)
    links = {(path.parent / link).resolve() for link in re.findall(r"\]\(([\w./]+)[#\w-]*\)", text)}
    assert ROOT / "notebooks" / "glossary.md" in links
    place = NOTEBOOKS.index(path)
    before, after = NOTEBOOKS[max(0, place - 1) : place], NOTEBOOKS[place + 1 : place + 2]
    assert {*before, *after} <= links if path in COURSE else {*COURSE} & links
    assert re.search(r"^##.*What we found|\*What we found\*", text, re.MULTILINE)


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(path):
    text = path.read_text(encoding="utf-8") if path.suffix == ".md" else prose(path)
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", text)
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


@every_notebook
def test_its_exercises_are_explained_and_left_open_and_progress_at_the_end(path):
    number, cells = path.stem[:2].lstrip("0"), code_cells(read(path))
    asked = {exercise: cell for cell in cells for exercise in re.findall(r'\bcheck\("(\d+[a-z])"', cell.source)}
    assert len(asked) <= 3 or path in LABORATORY
    assert {*asked} == {exercise for exercise in EXERCISES if exercise[:-1] == number} != set()
    for exercise, cell in asked.items():
        assert f"{exercise} is still open" in printed(cell), cell.source
        assert f"**{exercise}**" in prose(path), f"{exercise} is not explained"
    assert cells[-1].source == f"progress({number})"


@every_notebook_of_the_course
def test_its_two_questions_about_earlier_notebooks_name_their_choices_and_are_left_open(path):
    number, cells = path.stem[:2].lstrip("0"), code_cells(read(path))
    asked = {name: cell for cell in cells for name in re.findall(r'\bcheck\("(\d+[A-Z])"', cell.source)}
    questions = {name: question for name, question in _questions().items() if name[:-1] == number}
    assert [*asked] == [*questions] == ([] if path == COURSE[0] else [f"{number}A", f"{number}B"])
    for name, question in questions.items():
        assert f"{name} is still open" in printed(asked[name])
        for choice in (question["answer"], *question["wrong"]):
            assert f'"{choice}"' in prose(path), choice


@every_notebook_of_the_course
def test_what_is_to_be_predicted_comes_out_later_as_one_of_the_choices(path):
    choices, came_out = {}, {}
    for cell in code_cells(read(path)):
        for call in (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) == "predict":
                section, expected, *given = (argument.value for argument in call.args)
                assert expected is ..., "a prediction is left to the reader"
                choices[section] = given
            if ast.unparse(call.func) == "came_out":
                ((section, result),) = re.findall(r'^(\S+): you made no .+ it came out "(.+)"\.$', printed(cell), re.M)
                assert section == call.args[0].value
                assert result in choices[section]
                came_out[section] = result
    assert choices.keys() == came_out.keys() != set()


@every_notebook
def test_what_is_for_lecturers_only_is_not_in_it(path):
    """It is in the guides; `python -m charrnn_helpers.lecturer copy --notes` puts it in."""
    for cell in read(path).cells:
        assert tags(cell) <= {"experiment", "nbval-ignore-output", "raises-exception"}, cell.source
        assert "For the lecturer" not in cell.source
        assert cell.metadata.get("slideshow", {}).get("slide_type") != "notes", cell.source


@every_notebook
def test_a_notebook_alone_says_what_it_needs(path):
    """On a host that opens a single file: the cell that imports says what to do where the package is missing."""
    assert re.search("README's first command|clone the whole repository", code_cells(read(path))[0].source)


# --- here and nowhere else ------------------------------------------------------------------------------------------


@every_notebook
def test_no_absolute_paths_of_any_machine(path):
    pattern = r"(?<![\w./:])/(?:work|tmp|home|root|Users|usr|opt|mnt|var|content)/\w|\b[A-Z]:\\\\?\w"
    for cell in read(path).cells:
        assert not re.search(pattern, cell.source), cell.source
        for output in cell.get("outputs", []):
            shown = {"": output.get("text", ""), **output.get("data", {})}
            text = "".join(str(value) for kind, value in shown.items() if not kind.startswith("image/"))
            assert not re.search(pattern, text), text


@every_notebook
def test_nothing_is_fetched_from_the_network(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":  # links may lead there; pictures, frames and scripts may not
            assert not re.search(r"!\[[^]]*\]\(\s*(https?:)?//|<(img|iframe|script|link|video)\b[^>]*//", cell.source)
            continue
        assert not re.search(r"https?://|\burllib\b|\brequests\b|\burlopen\b|^\s*[!%]", cell.source, re.MULTILINE)
        assert not re.search(r"\b(clear_output|interact\w*|plt|pyplot)\b", cell.source)  # they break nbval's comparison
        texts = [node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant)]
        assert "shakespeare" not in texts, cell.source


# --- one definition -------------------------------------------------------------------------------------------------


def plain(definition):
    """The code of a definition, without comments, layout, docstrings, annotations and checks (which it loses)."""
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            node.decorator_list = [one for one in node.decorator_list if ast.unparse(one) not in CHECKS]
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(...)
    return ast.unparse(definition)


def definitions(source):
    return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def is_left_open(definition):
    """Is it an exercise, `def f(x): ...`, which the student writes?"""
    return ast.unparse(definition.body) == "..."


def test_definitions_shown_are_those_that_the_package_has_under_the_same_name():
    package, shown = {}, set()  # each public name that is defined there, and its definitions without layout
    for module in (ROOT / "charrnn_helpers").rglob("*.py"):
        if module.parent.name == "exercises" or module.stem == "fault_program":
            continue  # programs of their own: wrong answers, and a loop to plant faults in
        for node in definitions(module.read_text(encoding="utf-8")):
            if not node.name.startswith("_"):
                package.setdefault(node.name, []).append(plain(node))
    for path in NOTEBOOKS:
        for node in definitions("\n".join(cell.source for cell in code_cells(read(path)))):
            if node.name in package and not is_left_open(node):
                assert plain(node) in package[node.name], f"{node.name} of {path.stem} is another one in the package"
                shown.add(node.name)
    assert {"scan", "time_in_turn"} <= shown


def from_notebook(number, name, **names):
    """What the notebook with this number defines under `name`, with these names at hand."""
    (path,) = (path for path in NOTEBOOKS if path.stem.startswith(number))
    source = "\n\n".join(cell.source for cell in code_cells(read(path)))
    (definition,) = (node for node in definitions(source) if node.name == name)
    exec(ast.unparse(definition), names)
    return names[name]


@pytest.mark.parametrize("model", [LSTMModel, GRUModel])
def test_the_network_that_04_shows_is_the_one_that_it_trains(model):
    ours = model(51, hidden_size=160, num_layers=1).eval()
    shown = from_notebook("04", "CharNetwork", nn=nn)(ours.recurrent, 51)
    shown.load_state_dict(ours.state_dict())
    ids = torch.randint(51, (2, 9), generator=torch.Generator().manual_seed(0))
    assert torch.equal(shown(ids)[0], ours(ids)[0])


STORY = split_stories(load_corpus("tales").val)[12]


def test_the_question_that_05_asks_by_hand_is_the_one_that_recall_asks():
    network = load_checkpoint(BUNDLED / "tales-24M-lstm.pt")
    asked = measures.recall(network.model, network.vocab, STORY)
    places = [place for place, mark in enumerate(annotate(STORY)) if mark.kind == "name"]
    by_hand = [EXERCISES["5a"].answer(network.model, network.vocab, STORY[:place], "AZMBKL") for place in places]
    assert by_hand == [*asked.answers[asked.kinds == "name"]]


def test_the_instrument_that_07_opens_is_the_one_behind_the_bands():
    network = load_checkpoint(BUNDLED / "tales-gru.pt")
    heroes = from_notebook("07", "heroes_in_mind", sampling=sampling, tales_vocab=network.vocab)
    rows = measures.in_mind(network.model, network.vocab, STORY[:40])
    for length in (1, 17, 40):
        assert rows[length - 1].tolist() == pytest.approx(heroes(network.model, STORY[:length]).tolist(), abs=1e-5)


# --- the glossary ---------------------------------------------------------------------------------------------------

GLOSSARY = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8").partition("## Words")[2]
WORDS = re.findall(r"^\| ([^|]+) \| (.+) \|$", GLOSSARY, re.MULTILINE)[1:]  # below the heading


def test_words_of_the_glossary_stand_in_alphabetical_order_and_are_met_where_their_rows_say():
    words = [word.lower() for word, _ in WORDS]
    assert len(words) > 30
    assert words == sorted(words)
    texts = {}
    for path in NOTEBOOKS:
        cells = [cell for cell in read(path).cells if cell.cell_type == "markdown" and "instructor" not in tags(cell)]
        texts[path.stem[:2]] = re.sub(r"[\s*`-]+", " ", " ".join(cell.source for cell in cells)).lower()
    for word, meaning in WORDS:
        parts = [part.strip().lower().replace("-", " ") for part in word.split(",")]
        for number in re.findall(r"\d\d", re.search(r"\(([\d, ]+)\)$", meaning)[1]):
            assert any(re.search(rf"\b{re.escape(part)}", texts[number]) for part in parts), (word, number)
