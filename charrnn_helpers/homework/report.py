"""A report on the marks of a class, as HTML: what it has not understood yet, and a page for each student."""

from collections import Counter, defaultdict
from html import escape

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto }
td, th { text-align: left; padding: .2em .6em; vertical-align: top }
.bar { background: #0072B2; height: 1em; display: block }"""

STATES = (
    "<em>Solved</em>: the answer is right (1 point). <em>Tried</em>: it is wrong; half a point where the mistake is a "
    "known one, or where at least half of what was tried came out right before the first fault. <em>Still open</em>: "
    "nothing was written. <em>Stopped</em>: the answer did not end, or ended the program. <em>Unreadable</em>: the "
    "cell is not Python, or the file is no notebook."
)


def as_html(rows: list[dict], students: list[str]) -> str:
    """Return the page of the rows of marks. It holds no script and asks for nothing from elsewhere."""
    known = [row for row in rows if row["exercise"]]  # a file that is no notebook of the course has none
    counts = Counter((row["exercise"], row["state"]) for row in known)
    states = [(*key, str(count)) for key, count in sorted(counts.items())]
    parts = [as_table(("exercise", "state", "answers"), states), "<h2>What went wrong, and how often</h2>"]
    asked = Counter(row["exercise"] for row in known)
    mistakes = Counter((row["exercise"], row["mistake"]) for row in known if row["mistake"])
    for (exercise, mistake), count in mistakes.most_common():
        bar = f'<span class="bar" style="width: {100 * count / asked[exercise]:.0f}%"></span>'
        parts.append(f"<p>{exercise}: {escape(mistake)} ({count} of {asked[exercise]} answers){bar}</p>")
    parts.append("<h2>Students</h2>")
    for student in students:
        own = [row for row in rows if row["student"] == student]
        parts.append(f"<details><summary>{escape(student)}: {_sum_up(own)}</summary>{_list(own)}</details>")
    return as_page(f"Homework of {len(students)} students", parts)


def for_student(student: str, rows: list[dict]) -> str:
    """Return a page of one student's marks, which names nobody else."""
    own = [row for row in rows if row["student"] == student]
    return as_page(f"Homework of {escape(student)}", [f"<p>{_sum_up(own)}</p>", _list(own), f"<p>{STATES}</p>"])


def _sum_up(rows: list[dict]) -> str:
    """Return "02: 2.5 of 3, 04: 1 of 3". Where a notebook was handed in twice, the better answer counts."""
    best = defaultdict(dict)
    for row in rows:
        if number := row["exercise"]:
            points = best[f"{int(number[:-1]):02}"]
            points[number] = max(points.get(number, 0.0), float(row["points"]))
    sums = [f"{notebook}: {sum(points.values()):g} of {len(points)}" for notebook, points in sorted(best.items())]
    return ", ".join(sums) or ("no notebook of the course" if rows else "nothing was handed in")


def _list(rows: list[dict]) -> str:
    fields = ("notebook", "exercise", "state", "points", "mistake")
    return as_table(fields, [[str(row[field]) for field in fields] for row in rows]) if rows else ""


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
