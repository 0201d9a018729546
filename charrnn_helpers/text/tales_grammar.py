"""The grammar of *tales*: its words, its rules, and how they are read.

How the grammar is written (`RULES`, `WORDS`):

    <rule>           one production of a rule, or one word of a list, chosen freely
    <list.form>      a word in a form of it: `<trade.a>` is "a baker", "an archer"
    <list:name>      a word, and the story remembers it under that name
    {name}           the remembered word again; `{hero.he}` a form of it
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

# --------------------------------------------------------------------------------------------------------- the words

GIRLS = ["Ada", "Eva", "Mia"]
BOYS = ["Ben", "Gus", "Leo"]

_LISTS = """
name: Ada Eva Mia Ben Gus Leo
trade: baker cook judge miner nurse tailor
place: castle inn lake mill port tower
object: bell book cup drum hat key
colour: black blue green pink red white
animal: bear cat dog fox goat owl
door: box door gate trunk
number: two three four five six
knock: bam bong ding pop rap tap
bracket: ( [

adj: bad big bold calm cold dark deaf dim dry dull fat glad grim hot lame lazy loud mad meek odd old poor rich sad shy
  sly tall thin warm wet wise
did: bowed cried dozed fell fled hid ran rose sang sat slept stood swam wept yawned
adverb: again alone aloud at_once in_vain too_late twice well
when: at_dawn at_last at_noon by_night now one_day soon then
said: asked begged cried sang swore yelled
person: aunt baron clown duke earl fool giant king lady lord maid monk nun poet queen thief uncle
beast: ants bats bees cows crows ducks eels elks flies geese gulls hens mice moths owls pigs rats seals swans
food: beans beef beer bread cake corn figs ham jam milk nuts oats peas pie plums rice soup tea
thing: axes bags balls beads bells boots caps coins cups dice dolls fans flags hats jars keys nails pins pots ropes
stuff: clay gold iron lead paper silk tin wood wool
land: bog cave dale den field fog hill marsh moor park sand sea wood
tree: ash beech elm fig fir lime oak palm pine yew
time: day dawn fall Friday Monday night spring Sunday
skill: bake cook dance dig draw fish fly knit read ride row sail sew sing swim
way: across along down past round up
hid: behind by in near on under
seat: bath bed bench chair desk oven sofa stove table
joint: and as but so till yet
"""

WORDS: dict[str, list[str]] = {
    name: [word.replace("_", " ") for word in words.split()]
    for name, words in (line.split(": ") for line in _LISTS.replace("\n  ", " ").split("\n") if line)
}

# --------------------------------------------------------------------------------------------------------- the rules
# A story is an opening, then things that happen, then an end. Weights stand before a production; without one it is 1.

RULES: dict[str, list[str | tuple[int, str]]] = {
    "story": [
        "<opening> <finding> <meeting> <middle> <opens> <middle> <signal> <middle> <closes> <middle> <ending>\n\n",
        "<opening> <meeting> <finding> <middle> <signal> <middle> <opens> <middle> <closes> <ending>\n\n",
    ],
    "middle": ["<event><more>"],
    "more": [(2, ""), (3, " <event><more>")],
    "opening": [
        "Once <adj.a>, <adj> <trade:trade> lived by the <place:home> with <adj.a> <person>: <name:hero>.",
        "In <adj.a> <land> near the <place:home> lived <trade.a:trade> called <name:hero>.",
        "The <adj>, <adj> <trade:trade> of the <place:home> was <name:hero>, who could <skill> and <skill>.",
    ],
    "finding": [
        "One <adj> <time> {hero.he} found a <colour:colour> <object:object> <hid> <number> <thing>.",
        "<adj.A>, <adj> <person> sold {hero.him} a <colour:colour> <object:object> for <food> and <food>.",
        "From {hero.his} <adj> <person> {hero.he} had a <colour:colour> <object:object> full of <goods>.",
    ],
    "meeting": [
        "In the <adj> <land> {hero.he} met <adj.a>, <adj> <animal:friend> with <goods> and <food>.",
        "Under <tree.a> sat <adj.a>, <adj> <animal:friend>, and {hero.he} <did>.",
    ],
    "event": [
        (2, "<adj.A>, <adj> <time> came, <joint> {hero.he} <did> <way> the <adj> <land>."),
        "<when.cap> {hero} and the {friend} ate <food>, <food> and <food> under <tree.a>.",
        "<when.cap> {hero.he} took the {object} from the <beast> and <did>.",
        '"<speech>," <said> the {friend}, <joint> the <beast> <did>.',
        '"<speech>," <said> {hero}, <joint> {hero.he} <did> and <did>.',
        "Then {hero.he} took the {colour} {object} <way> <land>, <land> and <land>, <joint> <beast> <did>.",
        "The <adj> <person> <bracket:bracket><aside>{bracket.close} saw the {colour} {object}.",
        (2, "<adj.A> road <bracket:bracket><aside>{bracket.close} led {hero.him} <way> the <adj> <land>."),
        "No {trade} can <skill> and <skill> <adverb>, <said> the <adj> <person>.",
        (2, "<food.cap>, <food> and <goods> lay <hid> <person.a>'s <stuff> <seat>, <joint> {hero.he} <did>."),
        (2, "<beast.cap>, <beast> and <beast> <did> <way> the <adj> <land>, <joint> the {friend} <did>."),
        (2, "One <person> <did>, one <person> <did>, <joint> {hero} <did> and <did>."),
        (2, "It was <adj> and <adj>: <beast> <did>, <beast> <did>, <joint> {hero.he} <did>."),
    ],
    "goods": ["<thing>", "<stuff> <thing>", "<adj> <beast>", "<number> <thing>"],
    "speech": [
        "One <adj> <person> is worth <number> <adj> <beast>",
        "Give me <food> or <goods>",
        "I <skill> and you <skill>",
        "Take the {object} to the {home}",
        "You <skill> <adverb> for {trade.a}",
    ],
    "aside": [
        (3, "<rumour>"),
        (1, "<rumour> <bracket:inner><small>{inner.close}"),
    ],
    "rumour": [
        "as the <adj> <person> knew",
        "so the <beast> and the <beast> say",
        "full of <thing> and <food>",
    ],
    "small": ["in <stuff>", "or <adverb>", "if <beast> <skill>"],
    "signal": [
        "The {friend} <did> and hit the {object} <number:count> times: <knock:sound>{count.more}.",
        "From the <adj> <land> {hero} sent <number:count> <adj> knocks: <knock:sound>{count.more}.",
    ],
    "opens": [
        "<when.cap> {hero} opened the <door:door> of the <adj> <person> and found <goods> and <food>.",
        "<when.cap> {hero.he} opened a <door:door> in the <adj> <land>, and there lay <goods>.",
    ],
    "closes": [
        "<when.cap> the {friend} closed the {door} <adverb> and <did>.",
        "So {hero.he} closed the {door} and took <goods> and <food>.",
    ],
    "ending": [
        "<when.cap>, <adj> and <adj>, {hero} took the {colour} {object} to the {home}, <joint> <end>.",
        "<when.cap> the {trade} and the {friend} came back to the {home}, <joint> <end>.",
        "{hero} and the {friend} live at the {home} still, with the {object} <hid> <adj.a> <seat>.",
    ],
    "end": [
        "they had <food> for every <adj> <person>",
        "the <beast> and the <beast> <did>",
        "they slept till <time>",
    ],
}
SENTENCES = ("opening", "finding", "meeting", "event", "opens", "signal", "closes", "ending")

# What each remembered word is called when we ask what a loss was lost on, and the list it comes from.
KINDS = {
    "hero": ("name", "name"),
    "trade": ("trade", "trade"),
    "home": ("place", "place"),
    "object": ("object", "object"),
    "colour": ("colour", "colour"),
    "friend": ("friend", "animal"),
    "door": ("door", "door"),
    "count": ("count", "number"),
    "bracket": ("bracket", "bracket"),
    "inner": ("bracket", "bracket"),
}
DEPENDENCIES = ("name", "pronoun", "trade", "place", "object", "colour", "friend", "door", "count", "bracket")


# ------------------------------------------------------------------------------------------------ reading the grammar


class Item(NamedTuple):
    """One piece of a production: literal `text`, or a `rule`, a list of `words`, or a remembered `name`."""

    text: str = ""
    source: str = ""  # the rule or list after "<"
    name: str = ""  # the memory written ("<list:name>") or read ("{name}")
    form: str = ""
    reads: bool = False


def inflected(value: str, name: str, form: str, memory: dict) -> str:
    """`value` in one of its forms, as the story writes it."""
    if form == "":
        return value
    if form == "a":
        return ("an " if value[0] in "aeiou" else "a ") + value
    if form == "A":
        return ("An " if value[0] in "aeiou" else "A ") + value
    if form == "cap":
        return value[0].upper() + value[1:]
    if form == "close":
        return {"(": ")", "[": "]"}[value]
    if form == "more":  # the sound has been written once; the rest of the count follows
        return f", {memory['sound'].value}" * (WORDS["number"].index(value) + 1)
    he_or_she = {"he": ("she", "he"), "him": ("her", "him"), "his": ("her", "his")}
    return he_or_she[form][value in BOYS]


@cache
def _items(production: str) -> tuple[Item, ...]:
    items = []
    for piece in re.findall(r"<[^>]+>|{[^}]+}|[^<{]+", production):
        if piece[0] == "<":
            source, _, name = piece[1:-1].partition(":")
            source, _, form = source.partition(".")
            items.append(Item(source=source, name=name, form=form))
        elif piece[0] == "{":
            name, _, form = piece[1:-1].partition(".")
            items.append(Item(name=name, form=form, reads=True))
        else:
            items.append(Item(text=piece))
    return tuple(items)


@cache
def productions_of(rule: str) -> tuple[tuple[int, tuple[Item, ...]], ...]:
    """The weighted productions of a rule, and the sum of the weights through `sum`."""
    weighted = [p if isinstance(p, tuple) else (1, p) for p in RULES[rule]]
    return tuple((weight, _items(text)) for weight, text in weighted)


class Memory(NamedTuple):
    """A remembered word: its value, where its full form last ended, and where any form of it last ended."""

    value: str
    full: int
    any: int


class Span(NamedTuple):
    """One word of a derivation: where it starts, what it says, and what it must remember (`kind` and `since`)."""

    start: int
    text: str
    name: str  # the memory it writes or reads, or ""
    reads: bool
    kind: str  # one of DEPENDENCIES when it reads, else ""
    since: int  # where the remembered word last ended; -1 when it does not read
    others: tuple[str, ...]  # what the grammar alone would have allowed here


def kind_of(item: Item) -> str:
    return "pronoun" if item.form in ("he", "him", "his") else KINDS[item.name][0]


@cache
def alternatives_of(name: str, form: str, sound: str) -> tuple[str, ...]:
    """All that `{name.form}` could say if the story had forgotten it."""
    memory = {"sound": Memory(sound, 0, 0)}
    return tuple(dict.fromkeys(inflected(value, name, form, memory) for value in WORDS[KINDS[name][1]]))


def sound_of(memory: dict) -> str:
    return memory["sound"].value if "sound" in memory else ""
