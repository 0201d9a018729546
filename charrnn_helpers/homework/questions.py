"""Ten questions before the course and ten after it, in parallel forms, each aimed at one misconception."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import nbformat

from ..base.files import atomic_file, read_table

QUESTIONS = read_table(Path(__file__).with_suffix(".toml"))
LETTERS = "abcde"
KINDS = ("right", "misconception", "other", "other")  # in this order the table has the choices
UNKNOWN = ("unknown", "I do not know.")
FORMS = {
    1: {"before": "A", "after": "B"},
    2: {"before": "B", "after": "A"},
}  # by group
FIELDS = ("code", "when", "form", "question", "answer")
HEAD = """# Ten questions, {when} the course

There is no mark for this. Your answers show what the course teaches and what it does not. {code} Write it between the
quotes below, and below each question the letter of your answer. If you do not know an answer, write `e`: guessing helps
nobody. Run the last cell when you have finished, and hand in the file that it names, not this notebook. The file holds
the code word and your answers, and nothing else."""
EXAMPLE = "the first two letters of the street in which you grew up, and your mother's day of birth (`ma17`)"
CODE = {
    "before": f"Choose a code word that you will find again, and tell it to nobody: for example, {EXAMPLE}.",
    "after": f"Take the **same code word** that you chose before the course: for example, {EXAMPLE}.",
}


def choices_of(name: str, form: str) -> list[tuple[str, str]]:
    """List the choices of a question in the order in which they are printed, each after its kind."""
    choices = zip(KINDS, QUESTIONS[name][form]["choices"], strict=True)
    return [*sorted(choices, key=lambda choice: crc32(f"{name}{form}{choice[1]}".encode())), UNKNOWN]


def write_notebooks(folder: Path) -> list[Path]:
    """Write a notebook before and one after the course for each of two groups, which get the forms in turn."""
    written = []
    for group, forms in FORMS.items():
        for when, form in forms.items():
            markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
            cells = [markdown(HEAD.format(when=when, code=CODE[when])), code('code = ""')]
            for number, name in enumerate(QUESTIONS, start=1):
                choices = [f"- **{letter}** {text}" for letter, (_, text) in zip(LETTERS, choices_of(name, form))]
                cells.append(markdown("\n".join([f"**{number}.** {QUESTIONS[name][form]['question']}", "", *choices])))
                cells.append(code(f'answer_{number} = ""'))
            answers = ", ".join(f"answer_{number}" for number in range(1, len(QUESTIONS) + 1))
            call = f'hand_in("{when}", "{form}", code, [{answers}])'
            cells.append(code(f"from charrnn_helpers.homework.questions import hand_in\n\n{call}"))
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            written.append(folder / f"group_{group}" / f"{when}.ipynb")
            with atomic_file(written[-1]) as file:
                notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
                file.write(nbformat.writes(notebook).encode())
    return written


def hand_in(when: str, form: str, code: str, answers: Sequence[str]) -> None:
    """Write the letters of the answers to a file whose name holds the code word; after the course, say why."""
    letters = [str(answer).strip().lower() for answer in answers]
    missing = [str(number) for number, letter in enumerate(letters, start=1) if letter not in [*LETTERS]]
    if missing:
        print(f"Write a letter from a to e below {', '.join(missing)}. Nothing is written yet.")
        return
    if not re.fullmatch(r"[a-z0-9]{3,20}", code := code.strip().lower()):
        print("Your code word needs 3 to 20 letters and digits. Nothing is written yet.")
        return
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(FIELDS)
    for letter, name in zip(letters, QUESTIONS, strict=True):
        rows.writerow((code, when, form, name, choices_of(name, form)[LETTERS.index(letter)][0]))
    with atomic_file(path := Path(f"{when}_{code}.csv")) as file:
        file.write(text.getvalue().encode())
    print(f"Thank you. Please hand in {path}.")
    if when == "before":
        print("What is right, and why, you will learn after the course.")
        return
    for number, (letter, (name, asked)) in enumerate(zip(letters, QUESTIONS.items()), start=1):
        kinds = [kind for kind, _ in choices_of(name, form)]
        right = LETTERS[kinds.index("right")]
        print(f"\n{number}. {'Right' if letter == right else f'The right answer is {right}'}: {asked['why']}")


def read_pairs(folder: Path) -> tuple[list[tuple[dict, dict]], int]:
    """Return the answers of each code word before and after, {question: kind}, and how many code words have no pair.

    A code word that comes twice at the same time could be anybody's and has no pair. Raises `ValueError` if a file is
    none that `hand_in` writes.
    """
    seen, times = {}, Counter()
    for path in sorted(folder.rglob("*.csv")):
        rows = [*csv.DictReader(io.StringIO(path.read_text(encoding="utf-8", errors="replace")))]
        answers = {row.get("question"): row.get("answer") for row in rows}
        if answers.keys() != QUESTIONS.keys() or not {*answers.values()} <= {*KINDS, UNKNOWN[0]}:
            raise ValueError(f"{path} does not hold the ten answers; take it out of the folder")
        seen[key := (rows[0].get("code"), rows[0].get("when"))] = answers
        times[key] += 1
    both = [{code for code, when in seen if when == each and times[code, when] == 1} for each in FORMS[1]]
    pairs = [(seen[code, "before"], seen[code, "after"]) for code in sorted(both[0] & both[1])]
    return pairs, len({code for code, _ in seen}) - len(pairs)
