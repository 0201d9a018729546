"""What the course asks for is asked for in the same words everywhere, and was tested."""

import os
import re
from pathlib import Path

from packaging.requirements import Requirement

from charrnn_helpers.base.files import read_table

ROOT = Path(__file__).resolve().parents[1]


def test_binder_installs_what_requirements_ask_for_with_the_cpu_build_of_torch():
    # what has a condition, after a semicolon, is for Pythons older than Binder's
    wanted = set(re.findall(r"^[a-z][^;\n]*$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    given = set(re.findall(r"^ +- (.+)$", (ROOT / ".binder" / "environment.yml").read_text(), re.MULTILINE))
    renamed = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
    assert {re.sub(r"^(torch|matplotlib)\b", lambda name: renamed[name[0]], line) for line in wanted} <= given
    assert "pip install --no-deps --editable ." in (ROOT / ".binder" / "postBuild").read_text()
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)


def test_the_package_asks_for_what_the_course_asks_for_and_is_cited_by_its_version():
    package = read_table(ROOT / "pyproject.toml")["project"]
    asked = (ROOT / "requirements.txt").read_text(encoding="utf-8").replace('"', "'").splitlines()
    assert set(package["dependencies"]) <= set(asked)
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {package['version']}\n" in cited
    assert f"  - name: {re.search('[(]c[)] [0-9]+ (.*)', (ROOT / 'LICENSE').read_text(encoding='utf-8'))[1]}\n" in cited


def lines_of(path):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if re.match(r"\w", line)]


def test_what_was_tested_last_is_what_the_requirements_allow():
    tested = lines_of("tests/last_tested.txt")
    for asked in [*lines_of("requirements.txt"), *lines_of("tests/requirements.txt")]:
        versions = [one for one in tested if re.sub("[-_.]+", "-", one.name) == asked.name]
        assert versions, asked
        for one in versions:
            assert asked.specifier.contains(str(one.specifier).removeprefix("==")), one
