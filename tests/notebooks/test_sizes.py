"""The notebooks of the course and the README stay within the limits of the design."""

import nbformat
import pytest
import sizes


@pytest.mark.parametrize("path", sizes.COURSE, ids=lambda path: path.stem)
def test_a_notebook_of_the_course_keeps_to_its_words_and_cells(path):
    words, cells = sizes.size_of(path)
    assert words <= sizes.limit_of(path).words
    assert cells <= sizes.limit_of(path).cells


def test_the_readme_keeps_to_its_words():
    assert sizes.words_of(sizes.ROOT / "README.md") <= sizes.README_WORDS


def test_words_of_markdown_and_cells_of_code_are_counted(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# One *two*\n\n| three |"), nbformat.v4.new_code_cell("four = 5")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01.ipynb")
    assert sizes.size_of(tmp_path / "01.ipynb") == (6, 1)
