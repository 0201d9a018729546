"""A report on the marks of a class, as one HTML page: what it has not understood yet, and a part for each student."""

from collections import Counter
from html import escape

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto }
td, th { text-align: left; padding: .2em .6em; vertical-align: top }
.bar { background: #0072B2; height: 1em; display: block }"""


def as_html(rows: list[dict]) -> str:
    """Return the page of the rows of marks. It holds no script and asks for nothing from elsewhere."""
    students = list(dict.fromkeys(row["student"] for row in rows))
    counts = Counter((row["exercise"], row["state"]) for row in rows)
    states = [(*key, str(count)) for key, count in sorted(counts.items())]
    parts = [as_table(("exercise", "state", "students"), states), "<h2>What went wrong, and how often</h2>"]
    mistakes = Counter((row["exercise"], row["mistake"]) for row in rows if row["mistake"])
    for (exercise, mistake), count in mistakes.most_common():
        bar = f'<span class="bar" style="width: {100 * count / len(students):.0f}%"></span>'  # all of them: full width
        parts.append(f"<p>{exercise}: {escape(mistake)} ({count} of {len(students)}){bar}</p>")
    parts.append("<h2>Students</h2>")
    fields = ("notebook", "exercise", "state", "points", "mistake")
    for student in students:
        own = [row for row in rows if row["student"] == student]
        points = sum(float(row["points"]) for row in own)
        table = as_table(fields, [[str(row[field]) for field in fields] for row in own])
        parts.append(f"<details><summary>{escape(student)}: {points:.2f} of {len(own)}</summary>{table}</details>")
    return as_page(f"Homework of {len(students)} students", parts)


def as_page(title: str, parts: list[str]) -> str:
    """Make an HTML page of its parts."""
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    body = f"<h1>{title}</h1>{''.join(parts)}"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def as_table(heading: tuple[str, ...], lines: list) -> str:
    """Make an HTML table."""
    first = "".join(f"<th>{name}</th>" for name in heading)
    others = ["".join(f"<td>{escape(value)}</td>" for value in line) for line in lines]
    return f"<table><tr>{first}</tr>{''.join(f'<tr>{line}</tr>' for line in others)}</table>"
