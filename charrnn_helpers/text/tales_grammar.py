"""The grammar of *tales* as Python reads it: the words and rules of `tales.grammar`, where the notation is described.

WORDS        the lists of words
PRODUCTIONS  the productions of each rule: (weight, symbols)
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Symbol(NamedTuple):
    """One piece of a production: text as it stands, a rule or a list of words, or a remembered word."""

    text: str = ""
    source: str = ""  # the rule or list
    name: str = ""  # under which a word is remembered, or by which it is recalled
    form: str = ""
    recalls: bool = False

    @property
    def dependency(self) -> str:
        """Say which of `DEPENDENCIES` a recalled word is."""
        return "pronoun" if self.form in PRONOUNS else KINDS[self.name][0]


def symbols(production: str) -> tuple[Symbol, ...]:
    """Split a production, as it is written, into its symbols."""
    pieces = []
    for piece in re.findall(r"<[^>]+>|{[^}]+}|[^<{]+", production):
        if piece[0] not in "<{":
            pieces.append(Symbol(text=piece))
            continue
        left, _, name = piece[1:-1].partition(":")
        left, _, form = left.partition(".")
        if piece[0] == "<":
            pieces.append(Symbol(source=left, name=name, form=form))
        else:
            pieces.append(Symbol(name=left, form=form, recalls=True))
    return tuple(pieces)


Production = tuple[int, tuple[Symbol, ...]]  # its weight and its symbols


def _read_grammar() -> tuple[dict[str, list[str]], dict[str, list[Production]]]:
    words: dict[str, list[str]] = {}
    rules: dict[str, list[Production]] = {}
    name = ""
    for line in Path(__file__).with_name("tales.grammar").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        weight, bar, production = line.partition("|")
        if bar:
            production = production.strip().replace("_", " ").replace("\\n", "\n")
            rules[name].append((int(weight.strip() or 1), symbols(production)))
            continue
        if not line.startswith(" "):
            name, _, line = line.partition(":")
        if line.strip():
            words.setdefault(name, []).extend(word.replace("_", " ") for word in line.split())
        else:
            rules[name] = []
    return words, rules


WORDS, PRODUCTIONS = _read_grammar()
GIRLS, BOYS = WORDS["name"][:3], WORDS["name"][3:]
# Rules of whole sentences.
SENTENCES = ("opening", "finding", "meeting", "back", "scene", "opens", "signal", "closes", "ending")

# What each remembered word is called when we ask what a loss was lost on, and the list it comes from.
KINDS = {
    "hero": ("name", "name"),
    "friend": ("friend", "animal"),
    "home": ("place", "place"),
    "object": ("object", "object"),
    "colour": ("colour", "colour"),
    "door": ("door", "door"),
    "count": ("count", "number"),
    "bracket": ("bracket", "bracket"),
}
PRONOUNS = {"his": ("her", "his")}  # of a girl, of a boy
# What a story must remember, and how often a guess is right: the words of a list are equally likely.
CHANCE = {kind: 1 / len(WORDS[words]) for kind, words in KINDS.values()} | {"pronoun": 1 / 2}
DEPENDENCIES = tuple(CHANCE)


def inflect(word: str, form: str, sound: str = "") -> str:
    """Put `word` into one of its forms, as the story writes it; `sound` is what a count counts."""
    if form == "":
        return word
    if form in ("a", "A"):
        return form + ("n " if word[0] in "aeiou" else " ") + word
    if form == "cap":
        return word[0].upper() + word[1:]
    if form == "close":
        return {"(": ")", "[": "]"}.get(word, word)
    if form == "more":  # the sound has been written once; the rest of the count follows
        return f", {sound}" * (WORDS["number"].index(word) + 1)
    return PRONOUNS[form][word in BOYS]


@cache
def alternatives(name: str, form: str, sound: str) -> tuple[str, ...]:
    """List all that `{name.form}` could say if the story had forgotten the word."""
    return tuple(dict.fromkeys(inflect(word, form, sound) for word in WORDS[KINDS[name][1]]))
