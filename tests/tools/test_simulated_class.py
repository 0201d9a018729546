"""What was learnt: the questions are fit to be asked, and simulated classes get the intervals that they should."""

import re
from pathlib import Path

import nbformat
import pytest
from simulated_class import expected_gain, make_pairs

from charrnn_helpers import lecturer
from charrnn_helpers.homework.learnt import gain_in_all, gain_of, share_of
from charrnn_helpers.homework.questions import FORMS, LETTERS, QUESTIONS, choices_of, hand_in, read_pairs

EFFECTS = [(0.3, 0.15, 0.35), (0.3, 0.1, 0.1), (0.3, 0.5, 0.05), (0.7, 0.9, 0.0)]  # known, learnt, unlearnt


def test_each_question_is_about_a_misconception_that_the_guide_names_in_its_notes_on_the_notebook():
    assert len(QUESTIONS) == 10
    for asked in QUESTIONS.values():
        (path,) = lecturer.list_notebooks([asked["notebook"]])
        notes = " ".join(lecturer.notes_for(path).values())
        assert f'**Misconception:** "{asked["misconception"]}"' in notes


def test_a_choice_cannot_be_told_by_its_place_or_its_length():
    places, longest = [], []
    for name in QUESTIONS:
        for form in "AB":
            kinds, texts = zip(*choices_of(name, form), strict=True)
            assert sorted(kinds) == ["misconception", "other", "other", "right", "unknown"]
            assert len({*texts}) == 5
            places.append(kinds.index("right"))
            longest.append(max(texts, key=len) == texts[kinds.index("right")])
    assert all(3 <= places.count(place) <= 7 for place in range(4))
    assert sum(longest) <= 6  # of 20


@pytest.mark.parametrize("effect", EFFECTS)
def test_intervals_hold_the_truth_in_95_of_100_simulated_classes(effect):
    truth, hits, hits_in_all, classes = expected_gain(*effect), 0, 0, 300
    for seed in range(classes):
        pairs = make_pairs(12, *effect, seed)
        interval, total = gain_of("floor", pairs), gain_in_all(pairs)
        hits += interval.low <= truth <= interval.high
        hits_in_all += total.low <= 10 * truth <= total.high
    assert hits >= 0.93 * classes
    assert 0.92 * classes <= hits_in_all <= 0.98 * classes


def answered(when, form, pairs, position, at):
    """Let a student hand in the answers of a simulated one."""
    letters = []
    for name, kind in pairs[position][at].items():
        letters.append(LETTERS[[each for each, _ in choices_of(name, form)].index(kind)].upper())
    hand_in(when, form, f"Code{position}", letters)


def test_what_students_hand_in_is_paired_by_their_code_words_and_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pairs = make_pairs(20, 0.3, 0.8, 0.0, 1)
    for position in range(20):
        for at, (when, form) in enumerate(FORMS[1 + position % 2].items()):
            answered(when, form, pairs, position, at)
    said = capsys.readouterr().out
    assert "10. " in said
    assert said.count("because gradient descent makes the best of") == 20  # it says why only after the course
    answered("before", "A", pairs, 0, 0)
    Path("before_code0.csv").rename("alone.csv")
    answered("before", "A", pairs, 0, 0)
    read, alone = read_pairs(tmp_path)
    by_code = [pairs[position] for position in sorted(range(1, 20), key=str)]
    assert (read, alone) == (by_code, 1)  # two students chose the code word of the first
    lecturer.main(["learnt", str(tmp_path), str(tmp_path / "page.html")])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "19 students answered before and after the course; 1 more code words have no pair" in text
    held = share_of("learns", "misconception", by_code)
    assert f"<td>it learns, so it is right.</td><td>{held[0]:.0%}</td><td>{held[1]:.0%}</td>" in text
    Path("notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"notes\.csv does not hold the ten answers"):
        read_pairs(tmp_path)


def test_the_notebooks_run_and_write_nothing_before_all_is_answered(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lecturer.main(["questions", str(tmp_path)])
    for path in sorted(tmp_path.rglob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        capsys.readouterr()
        exec(source, {})
        assert capsys.readouterr().out == (
            "Write a letter from a to e below 1, 2, 3, 4, 5, 6, 7, 8, 9, 10. Nothing is written yet.\n"
        )
        source = re.sub(r'(answer_\d+) = ""', r'\1 = "e"', source)
        exec(source, {})
        assert capsys.readouterr().out.startswith("Your code word needs 3 to 20 letters and digits.")
        assert not [*tmp_path.glob("*.csv")]
        exec(source.replace('code = ""', 'code = " MA17"'), {})
        Path(f"{path.stem}_ma17.csv").unlink()
