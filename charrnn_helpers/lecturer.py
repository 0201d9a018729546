"""What a lecturer makes of the course: copies with or without notes, slides, the playground as a page, a hub's link.

python -m charrnn_helpers.lecturer copy FOLDER              the notebooks, to hand out
python -m charrnn_helpers.lecturer copy FOLDER --notes      the same with your notes of the guide below each section
python -m charrnn_helpers.lecturer homework FOLDER 02 04    copies to hand out, and otter-grader's tests of them
python -m charrnn_helpers.lecturer mark FOLDER --csv FILE   marks of what was handed in, a folder for each student
python -m charrnn_helpers.lecturer questions FOLDER         ten questions to answer before the course, and ten after
python -m charrnn_helpers.lecturer learnt FOLDER FILE       a page on what the class answered before and after
python -m charrnn_helpers.lecturer slides FOLDER            the two lectures: slides of each notebook from 01 to 07
python -m charrnn_helpers.lecturer slides FOLDER 02 09      slides of the notebooks whose names start so
python -m charrnn_helpers.lecturer slides FOLDER 2.1 3.2    slides of these sections, in this order
python -m charrnn_helpers.lecturer page FILE                the playground in one HTML file, which needs no kernel
python -m charrnn_helpers.lecturer link HUB REPOSITORY 01   the nbgitpuller link that gives each student a copy of 01
"""

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


def list_notebooks(prefixes: Iterable[str] = ("",)) -> list[Path]:
    """List the notebooks beside the package; those of the working directory, if the package is installed without any.

    First comes the course, then what lies in its folder `further`. Raises `ValueError` if there are none, or none whose
    name begins with one of `prefixes`.
    """
    for folder in (Path(__file__).resolve().parents[1] / "notebooks", Path("notebooks"), Path()):
        folders = (folder.resolve(), folder.resolve() / "further")
        if paths := [path for each in folders for path in sorted(each.glob("[0-9][0-9]_*.ipynb"))]:
            if chosen := [path for path in paths if path.name.startswith(tuple(prefixes))]:
                return chosen
            raise ValueError(f"no notebook begins with {' or '.join(prefixes)}; they are numbered 01 to 13")
    raise ValueError(f"there are no notebooks in {Path.cwd()}; run this in the folder of the course")


def copy(folder: str | Path, prefixes: Iterable[str] = ("",), notes: bool = False) -> list[Path]:
    """Copy notebooks to `folder`, which must be new or empty, with figures and glossary; their paths.

    Copies for students hold no outputs of code, because a saved result would answer the predictions. With `notes`, for
    the lecturer, the outputs stay, and the notes of the guide are folded below their sections. Raises `ValueError` if
    there is anything in the folder.
    """
    import nbformat  # takes a second

    paths, folder = list_notebooks(prefixes), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; name a new folder, so that nobody's work is written over")
    course = next(each for each in (paths[0].parent, paths[0].parent.parent) if (each / "glossary.md").exists())
    shutil.copy(course / "glossary.md", folder)
    shutil.copytree(course / "figures", folder / "figures")
    copies, copied = [folder / path.relative_to(course) for path in paths], {*paths, course / "glossary.md"}
    for path, written in zip(paths, copies, strict=True):
        notebook = nbformat.read(path, as_version=4)
        if notes:
            add_notes(path, notebook)
        else:
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
        for cell in notebook.cells:  # a link that leads out of the copy becomes the name of the file
            if cell.cell_type == "markdown":
                cell.source = LINK.sub(partial(_link_or_name, path.parent, copied), cell.source)
        written.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, written)
    return copies


LINK = re.compile(r"(?<!!)\[([^]]+)\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
HEADING = re.compile(r"^## (\S+)", re.MULTILINE)  # of a section in a notebook
NOTE = re.compile(r"^#### (\d+\.\d+) .+\n+([\s\S]+?)(?=\n#{2,4} |\Z)", re.MULTILINE)  # of a section in the guide


def _link_or_name(folder: Path, copied: set[Path], link: re.Match) -> str:
    return link[0] if (folder / link[2]).resolve() in copied else f"{link[1]} (`{link[2]}`)"


def notes_for(path: Path) -> dict[str, str]:
    """Read what the guide beside a notebook says of its sections: texts by number, "3.0" for the opening."""
    guide = path.with_name("for_lecturers.md")
    if not guide.exists():
        return {}
    number = f"{int(path.name[:2])}."
    notes = NOTE.findall(guide.read_text(encoding="utf-8"))
    return {section: text.strip() for section, text in notes if section.startswith(number)}


def add_notes(path: Path, notebook: Any, slides: bool = False) -> None:
    """Put what the guide says of each section of a notebook below it, folded; on `slides` it goes with the heading."""
    import nbformat

    sections = _sections(path, notebook)
    for number, text in notes_for(path).items():
        source = f"<details{' open' * slides}><summary><b>For the lecturer</b></summary>\n\n{text}\n\n</details>"
        note = nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": "notes"}})
        cells = sections.get(number, [])
        cells.insert(1 if slides else len(cells), note)
    notebook.cells = [cell for cells in sections.values() for cell in cells]


def _sections(path: Path, notebook: Any) -> dict[str, list]:
    """Return the cells of a notebook by the number of their section; "3.0" is what comes before the first heading."""
    number, sections = f"{int(path.name[:2])}.0", {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := HEADING.search(cell.source)):
            number = heading[1]
        sections.setdefault(number, []).append(cell)
    return sections


def mark(folder: Path, **options) -> list[Path]:
    """Mark what a class has handed in, as `homework.mark` says."""
    from .homework.marking import mark

    return mark(folder, list_notebooks(), **options)


def questions(folder: Path) -> list[Path]:
    """Write notebooks with questions, as `homework.questions` says; their paths."""
    from .homework.questions import write_notebooks

    return write_notebooks(folder)


def learnt(folder: Path, file: Path) -> Path:
    """Write a page on what a class has learnt, as `homework.learnt` says; its path."""
    from .homework.learnt import write_page

    return write_page(folder, file)


SOLUTION = re.compile(  # how the notebooks speak of it
    r' Our versions are in `solution\("\w+"\)` and `solution\("\w+"\)`\.'
    r'| \(`solution\("\w+"\)` shows it\)'
    r'|,? and (then )?`solution\("\w+"\)`( shows (ours|our cell|how we write it))?'
)


def homework(folder: str | Path, prefixes: tuple[str, ...], say: str = "all", nbgrader: bool = False) -> list[Path]:
    """Write students' copies to hand out, and for each the tests with which otter-grader marks it; their paths.

    The copies do not import `solution`. Their `check` names the mistake ("all"), says only whether an answer is right
    ("right"), or neither ("none"). Cells of an exercise are tagged with its number, and those that otter need not run
    with `otter_ignore`. `folder` must be new or empty. With `nbgrader` it is a course of nbgrader with the assignment
    "homework", and the copies hold the cells that nbgrader marks. Raises `ValueError` if no name fits.
    """
    import nbformat

    from .homework.prepare import exercises_of, tag_cells, write_tests
    from .homework.with_nbgrader import add_grade_cells, write_configuration

    copies, tests = copy(Path(folder) / ("source/homework" if nbgrader else "students"), prefixes), []
    for path in copies:
        notebook = nbformat.read(path, as_version=4)
        if nbgrader:
            add_grade_cells(notebook)
        else:
            tests.append(write_tests(Path(folder) / f"{path.stem}-autograder.zip", exercises_of(notebook)))
        tag_cells(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = re.sub(r"^(from charrnn_helpers.exercises .*), solution", r"\1", cell.source, flags=re.M)
                if say != "all":
                    cell.source = re.sub(r"^(check\(.*)\)$", rf'\1, say="{say}")', cell.source, flags=re.M)
            else:
                cell.source = SOLUTION.sub("", cell.source).replace("` help where", "` helps where")
        nbformat.write(notebook, path)
    if nbgrader:
        tests.append(write_configuration(Path(folder)))
    return [*copies, *tests]


# What a page of slides loads when it is shown, as npm installs it: nbconvert's name for it, and the place.
MODULES = {
    "reveal_url_prefix": "reveal.js",
    "require_js_url": "requirejs/require.js",
    "jquery_url": "jquery/dist/jquery.min.js",
    "mathjax_url": "mathjax/MathJax.js?config=TeX-AMS_CHTML-full,Safe",
}


def slides(folder: str | Path, prefixes: Iterable[str] = (), modules: str | None = None) -> list[Path]:
    """Write slides, one HTML file for each notebook whose name begins with one of `prefixes`; their paths.

    Without any, it is the notebooks of the course, which make the two lectures. Prefixes such as "2.1" are sections,
    and make one deck in their order; "2.0" is the opening of notebook 02. A page loads its program from the network
    when it is shown, or from `modules`, the address, seen from the page, of what `npm install reveal.js@4 requirejs
    jquery@3 mathjax@2` has put into its folder node_modules. The notes of the guide for lecturers become speaker notes.
    Raises `ValueError` if no name fits, or if there is no such section.
    """
    import nbformat
    from nbconvert import SlidesExporter

    every = {path: nbformat.read(path, as_version=4) for path in list_notebooks()}
    for path, notebook in every.items():
        add_notes(path, notebook, slides=True)
    course, prefixes = next(iter(every)).parent, tuple(prefixes)
    named = [path for path in every if (path.name.startswith(prefixes) if prefixes else path.parent == course)]
    chosen = {path.stem: every[path] for path in named}
    if sections := [prefix for prefix in prefixes if "." in prefix]:
        chosen["sections"] = nbformat.v4.new_notebook(cells=_section_cells(every, sections))
    if not chosen:
        raise ValueError(f"no notebook begins with {' or '.join(prefixes)}; they are numbered 01 to 13")
    places = {name: f"{modules}/{place}" for name, place in MODULES.items() if modules}
    wide = {"reveal_width": "1400", "reveal_height": "788"}  # for code; what is longer still is wrapped
    exporter = SlidesExporter(reveal_scroll=True, embed_images=True, **wide, **places)  # a section may be long
    wrapped = "<style>.reveal pre { white-space: pre-wrap !important; word-break: normal !important; }</style></head>"
    Path(folder).mkdir(parents=True, exist_ok=True)
    written, folders = [], {path.stem: path.parent for path in every}  # where the pictures of a notebook are found from
    for name, notebook in chosen.items():
        body, _ = exporter.from_notebook_node(notebook, {"metadata": {"path": str(folders.get(name, course))}})
        written.append(Path(folder) / f"{name}.slides.html")
        written[-1].write_text(body.replace("</head>", wrapped, 1), encoding="utf-8")
    return written


def _section_cells(notebooks: dict[Path, Any], sections: Iterable[str]) -> list:
    """Return the cells of these sections, one section after the other; the course's folder has all their pictures."""
    cells = {}
    for path, notebook in notebooks.items():
        for number, each in _sections(path, notebook).items():
            near = [cell.source.replace("](../figures/", "](figures/") for cell in each]
            cells[number] = [type(cell)(cell, source=source) for cell, source in zip(each, near, strict=True)]
    if missing := [section for section in sections if section not in cells]:
        raise ValueError(f"there is no section {' or '.join(missing)}")
    return [cell for section in sections for cell in cells[section]]


def page(
    file: str | Path, networks: str | Path | None = None, report: Callable[[str], object] = lambda step: None
) -> Path:
    """Write the playground of two networks as one HTML file, for any browser; its path.

    `networks`: where a pair lies, up to "-lstm.pt" and "-gru.pt" ("notebooks/runs/my_text"); without it, those that
    come with the course. `report` is called with a few words before each step, since all takes some seconds. Raises
    `ValueError` if there is no such pair, or no room.
    """
    report("loading the panels …")
    from .base.files import atomic_file
    from .panels.network_pairs import load_pair  # these need PyTorch, which takes seconds
    from .panels.one_file import as_page
    from .training.checkpoints import BUNDLED

    report("reading the networks …")
    networks = Path(networks or BUNDLED / "tales")
    pair = load_pair(*(networks.with_name(f"{networks.name}-{cell}.pt") for cell in ("lstm", "gru")))
    report("looking for units with a meaning, and writing the page …")
    data = as_page(pair).encode("utf-8")
    with atomic_file(Path(file)) as written:
        written.write(data)
    return Path(file)


def link(hub: str, repository: str, prefix: str = "01", branch: str = "main") -> str:
    """The address that a class clicks: nbgitpuller copies the repository to the student's home and opens a notebook.

    `hub` is where the hub lives ("https://hub.example.edu"), `repository` what `git clone` takes. A second click brings
    changes, and leaves the student's own work alone. Raises `ValueError` if no notebook begins with `prefix`.
    """
    opened = list_notebooks([prefix])[0]
    folder = repository.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    address = f"lab/tree/{folder}/notebooks/{'further/' * (opened.parent.name == 'further')}{opened.name}"
    asked = urlencode({"repo": repository, "branch": branch, "targetpath": folder, "urlpath": address})
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{asked}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    copied = commands.add_parser("copy")
    copied.add_argument("folder", type=Path)
    copied.add_argument("prefixes", nargs="*", default=[""], metavar="NN", help="these only")
    copied.add_argument("--notes", action="store_true", help="with the notes of the guide below each section")
    handed_out = commands.add_parser("homework")
    handed_out.add_argument("folder", type=Path)
    handed_out.add_argument("prefixes", nargs="+", metavar="NN", help="the notebooks")
    handed_out.add_argument("--say", choices=("all", "right", "none"), default="all", help="what `check` says")
    handed_out.add_argument("--nbgrader", action="store_true", help="write a course for nbgrader instead")
    handed_in = commands.add_parser("mark")
    handed_in.add_argument("folder", type=Path, help="holds a folder for each student")
    handed_in.add_argument("--csv", dest="table", type=Path, required=True, help="if it is there, marking goes on")
    handed_in.add_argument("--html", dest="page", type=Path, help="a report on the class")
    handed_in.add_argument("--seconds", type=int, default=20, help="of a processor, for one notebook")
    handed_in.add_argument("--gigabytes", type=int, default=8, help="of memory, for one notebook")
    commands.add_parser("questions").add_argument("folder", type=Path)
    compared = commands.add_parser("learnt")
    compared.add_argument("folder", type=Path, help="holds what `hand_in` wrote, before and after")
    compared.add_argument("file", type=Path)
    shown = commands.add_parser("slides")
    shown.add_argument("folder", type=Path)
    shown.add_argument("prefixes", nargs="*", metavar="NN", help="of these, in place of 01 to 07")
    shown.add_argument("--modules", metavar="ADDRESS", help="node_modules, seen from the slides: no network needed")
    paged = commands.add_parser("page")
    paged.add_argument("file", type=Path)
    paged.add_argument("--networks", type=Path, metavar="PATH", help="a pair of your own: PATH-lstm.pt, PATH-gru.pt")
    linked = commands.add_parser("link")
    linked.add_argument("hub")
    linked.add_argument("repository")
    linked.add_argument("prefix", nargs="?", default="01", metavar="NN", help="the notebook to open")
    linked.add_argument("--branch", default="main")
    options = vars(parser.parse_args(arguments))
    page_with_steps = partial(page, report=partial(print, file=sys.stderr, flush=True))
    make = {each.__name__: each for each in (copy, homework, mark, questions, learnt, slides, link)}
    make["page"] = page_with_steps
    try:
        made = make[options.pop("what")](**options)
    except (ValueError, OSError) as problem:
        parser.error(str(problem))
    except KeyboardInterrupt:
        parser.exit(130, "Stopped. The same command goes on from what is in the table by now.\n")
    print(*(made if isinstance(made, list) else [made]), sep="\n")


if __name__ == "__main__":
    main()
