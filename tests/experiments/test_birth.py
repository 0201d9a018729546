"""The experiment on births: its text and best loss, what a birth is, its cells, its plan, and that runs go on."""

import math
import re
from itertools import pairwise, product
from types import SimpleNamespace

import birth as tool
import birth_plan
import pytest
import torch
from birth_exam import exam_on_one_memory, exam_on_stories
from birth_law import source_of
from birth_runs import IDENTITY, NETWORKS, Machine, make
from birth_tales import VARIANTS, variant

from charrnn_helpers.experiments.birth import BIRTH_PROTOCOL, Birth, birth_of, look_schedule
from charrnn_helpers.experiments.birth_cells import CoupledLSTMModel, NoResetGRUModel
from charrnn_helpers.experiments.birth_text import FILLERS, NAMES, OneMemory
from charrnn_helpers.networks.models import layers_as_cells
from charrnn_helpers.text.encoding import Vocabulary
from charrnn_helpers.text.tales import annotate, log_prob, split_stories, write_stories

SOURCES = [OneMemory(2, {2: 24.0}), OneMemory(6, {18: 5.0}), OneMemory(2, {2: 15.0, 28: 2.5})]


# ------------------------------------------------------------------------------------------------------ the text


@pytest.mark.parametrize("source", SOURCES)
def test_the_best_loss_of_the_text_is_that_of_a_reader_who_counts_its_choices(source):
    """By another formula: a long text, read word by word, each choice with the share with which it was made."""
    text = "".join(source.episodes(5, 400_000))
    gaps, counts, names = {}, {"word": 0, "more": 0, "stop": 0}, {}
    for episode in re.split(r"(?=new )", text)[1:]:
        words = episode.split()
        question = words.index("says")
        names[words[1]] = names.get(words[1], 0) + 1
        gaps[question - 2] = gaps.get(question - 2, 0) + 1
        counts["word"] += len(words) - 4
        counts["more"] += len(words) - question - 2
        counts["stop"] += 1
        assert words[question + 1] == words[1] + "."
    entropy = 0.0
    for group in (names, gaps, {name: counts[name] for name in ("more", "stop")}):
        total = sum(group.values())
        entropy -= sum(count * math.log(count / total) for count in group.values() if count)
    entropy += counts["word"] * math.log(12)
    assert source.best_loss() == pytest.approx(entropy / len(text), rel=0.01)
    assert source.surprise(text) / len(text) == pytest.approx(source.best_loss(), rel=0.01)
    for words, rate in source.gaps.items():
        assert 1000 * gaps[words] / len(text) == pytest.approx(rate, rel=0.05)


def test_a_question_stands_as_far_behind_the_name_as_the_gap_says():
    text = "".join(OneMemory(2, {2: 12.0, 18: 5.0}).episodes(0, 20_000))
    found = OneMemory(2, {2: 12.0, 18: 5.0}).questions(text)
    assert {distance for _, distance, _ in found} == {16, 96}
    for place, distance, name in found:
        assert text[place : place + 4] == name + "."
        assert text[place - distance - 3 : place - distance] == name
        assert name not in text[place - distance : place]
    assert len({word[0] for word in (*FILLERS, "new", "says")}) == len(FILLERS) + 2  # the first letter tells a word
    assert len({name[0] for name in NAMES}) == len(NAMES)


def test_more_questions_than_fit_are_refused():
    with pytest.raises(ValueError, match="too many"):
        OneMemory(2, {28: 8.0}).episodes(0, 100)


# ------------------------------------------------------------------------------------------------------ births


def test_a_memory_is_born_when_it_stays_above_half_way():
    looks = [50, 63, 79, 100, 126]
    assert birth_of(looks, [10, 60, 58, 90, 100], 100, 1 / 6) == Birth(79, 100)
    assert birth_of(looks, [10, 70, 70, 90, 100], 100, 1 / 6) == Birth(50, 63)
    assert birth_of(looks, [90, 90, 90, 90, 90], 100, 1 / 6) == Birth(0, 50)
    assert birth_of(looks, [75, 20, 20, 20, 74], 100, 0.5) is None
    assert birth_of(looks, [20, 20, 20, 20, 90], 100, 0.5) is None  # seen once only: it has not stayed
    assert birth_of(looks, [20, 20, 20, 75, 75], 100, 0.5) == Birth(79, 100)  # exactly half way


def test_looks_begin_at_50000_and_end_with_the_run():
    looks = look_schedule(24_000_000, 4096, 3)
    read = [4096 * update for update in looks]
    assert 50_000 <= read[0] < 50_000 + 4096
    assert looks[-1] == 24_000_000 // 4096
    assert all(1.15 < b / a < 1.35 for a, b in pairwise(read[:-1]))
    assert look_schedule(1000, 100, 3) == [10]  # shorter than the first look


# ------------------------------------------------------------------------------------------------------ exams


class Oracle(torch.nn.Module):
    """Gives the next character of a text that it knows."""

    def __init__(self, rows, size, wrong=()):
        super().__init__()
        self.rows, self.size, self.wrong = rows, size, set(wrong)

    def forward(self, ids, state=None):
        start = state or 0
        following = self.rows[:, start + 1 : start + ids.shape[1] + 1].clone()
        for row, step in self.wrong:
            if start <= step < start + ids.shape[1]:
                following[row, step - start] = -1
        logits = torch.full((*following.shape, self.size), -20.0)
        logits.scatter_(2, following.clamp(min=0)[..., None], 20.0)
        logits[following < 0] = 0.0
        logits[following < 0] += torch.arange(self.size) * 0.001  # prefers the last of the rivals
        return logits, start + ids.shape[1]


def test_an_exam_on_stories_asks_what_the_grammar_asks_and_where():
    text = write_stories(3, 15_000)
    vocab = Vocabulary.from_text(write_stories(1, 50_000))
    exam = exam_on_stories(text, vocab)
    stories = split_stories(text)[1:]
    marks = [(n, place, mark) for n, story in enumerate(stories) for place, mark in enumerate(annotate(story))]
    asked = {(n, place - mark.distance, mark.kind) for n, place, mark in marks if mark.rivals}
    assert len(exam.questions) == len(asked)
    assert exam.judged.sum() == sum(map(len, stories))
    assert exam.floor == pytest.approx(-log_prob("".join(stories)) / sum(map(len, stories)))
    places = [mark.char for _, _, mark in marks if mark.rivals]
    targets = [vocab.characters[exam.ids[row, step + 1]] for row, step in exam.cells.tolist()]
    assert sorted(targets) == sorted(places)
    loss, right, paid = exam.ask(Oracle(exam.ids, len(vocab)))
    assert right.all()
    assert loss < 1e-6
    assert paid.max() < 1e-6
    first = tuple(exam.cells[0].tolist())
    _, right, _ = exam.ask(Oracle(exam.ids, len(vocab), [first]))
    last_rival = int(exam.rivals[0].nonzero().max())
    assert right[0] == (last_rival == int(exam.right[0]))
    assert right[1:].all()


def test_an_exam_on_one_memory_asks_each_gap():
    source = source_of({"names": 2, "asked": {"16": 15.0, "96": 2.5}})
    vocab = Vocabulary("".join(sorted({*"".join(NAMES), *"".join(FILLERS), *"new says. "})))
    exam = exam_on_one_memory(source, 1, 100, vocab)
    distances = [question.distance for question in exam.questions]
    assert distances.count(96) == pytest.approx(100, abs=30)
    assert distances.count(16) == pytest.approx(600, abs=80)
    assert exam.ask(Oracle(exam.ids, len(vocab)))[1].all()
    assert (exam.rivals.sum(dim=1) == 2).all()


# ------------------------------------------------------------------------------------------------ stories and cells


def test_the_stories_of_a_variant_ask_from_near_and_leave_the_grammar_as_it_ships():
    shipped = write_stories(1, 20_000)
    for name in VARIANTS:
        kind = name.split()[0].strip(",")
        with variant(name):
            text = write_stories(7, 60_000)
            marks = [mark for story in split_stories(text) for mark in annotate(story)]
        near = [mark.distance < 16 for mark in marks if mark.rivals and mark.kind == kind]
        share = sum(near) / len(near)
        wanted = {"friend": (0.18, 0.39), "place": (0.0, 0.25)}[kind]["also near" in name]
        assert share == pytest.approx(wanted, abs=0.07)
        assert write_stories(1, 20_000) == shipped


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("gate", [{"keep_bias": 0.5}, {"chrono": 30}])
def test_every_network_of_the_experiment_starts_with_each_kind_of_start(name, gate):
    assert NETWORKS[name](9, 8, num_layers=1, **gate).rnn.hidden_size == 8


def test_an_lstm_whose_gates_are_coupled_computes_what_its_equations_say():
    torch.manual_seed(0)
    model = CoupledLSTMModel(9, 8, num_layers=1, embedding_size=4)
    ids = torch.randint(9, (2, 5))
    logits, (h_last, _) = model(ids)
    (cell,) = layers_as_cells(model)
    h = c = torch.zeros(2, 8)
    for x in model.embedding(ids).unbind(dim=1):
        step, before = cell.gates(x, (h, c)), c
        h, c = step["h"], step["c"]
        torch.testing.assert_close(c, step["f"] * before + (1 - step["f"]) * step["g"])
    torch.testing.assert_close(h_last[0], h)
    torch.testing.assert_close(logits[:, -1], model.head(h))


def test_a_gru_without_reset_gate_keeps_none_however_long_it_learns():
    torch.manual_seed(0)
    model = NoResetGRUModel(9, 8, num_layers=1, embedding_size=4, chrono=30)
    ids = torch.randint(9, (2, 6))
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.0)
    for _ in range(5):
        optimiser.zero_grad()
        model(ids)[0].logsumexp(dim=2).sum().backward()
        optimiser.step()
    h = torch.zeros(2, 8)
    rnn = model.rnn
    for x in model.embedding(ids).unbind(dim=1):
        _, xz, xn = (x @ rnn.weight_ih_l0.T + rnn.bias_ih_l0).chunk(3, dim=1)
        _, hz, hn = (h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0).chunk(3, dim=1)
        z = torch.sigmoid(xz + hz)
        h = (1 - z) * torch.tanh(xn + hn) + z * h
    torch.testing.assert_close(model(ids)[1][0], h)


def test_an_lstm_with_chrono_on_its_forget_gate_leaves_the_input_gate_as_it_was_drawn():
    torch.manual_seed(0)
    model = NETWORKS["LSTM, chrono on f only"](9, 16, num_layers=1, chrono=100)
    i, f, _, _ = model.rnn.bias_ih_l0.view(4, 16)
    assert (f > 0).all()
    assert i.abs().max() <= 0.25  # PyTorch draws from ±1/√H


# ------------------------------------------------------------------------------------------------- runs and the plan


SMALL = 0.002
LAW = birth_plan.law("law start", "gap 16", "GRU", "chrono 200", 0, {"16": 24.0})


def test_a_run_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(tmp_path, monkeypatch):
    monkeypatch.setattr("birth_runs.KEEP_EVERY", 0)
    monkeypatch.setattr("birth_runs.look_schedule", lambda *_: [20, 40, 60])
    run = {**LAW, "characters": 60 * 1536}
    whole = make(run, Machine(tmp_path / "a", lambda: None)) if (tmp_path / "a").mkdir() is None else None
    calls = iter(range(10_000))

    def dies() -> None:
        if next(calls) == 55:
            raise KeyboardInterrupt

    (tmp_path / "b").mkdir()
    with pytest.raises(KeyboardInterrupt):
        make(run, Machine(tmp_path / "b", dies))
    assert list((tmp_path / "b").glob("run-*.pt"))
    resumed = make(run, Machine(tmp_path / "b", lambda: None))
    assert not list((tmp_path / "b").glob("run-*.pt"))
    timeless = [{name: value for name, value in row.items() if name != "cpu_seconds"} for row in (whole, resumed)]
    assert timeless[0] == timeless[1]
    assert whole["looks"] == [1536 * 20, 1536 * 40, 1536 * 60]


def test_the_tool_makes_each_run_once_and_its_rows_are_whole(tmp_path, monkeypatch):
    """The second line is cut off, as by a full disk: that run alone is made again."""
    runs = [LAW, {**LAW, "cell": "LSTM"}]
    monkeypatch.setattr(birth_plan, "plan", lambda rows, parts: iter(runs))
    arguments = ["--rows", str(tmp_path / "rows.jsonl"), "--scratch", str(tmp_path), "--scale", str(SMALL)]
    first = tool.main(arguments)
    assert [row["cell"] for row in first] == ["GRU", "LSTM"]
    for row in first:
        assert {*IDENTITY, "protocol", "code", "corpus", "units", "parameters", "torch", "cpu_seconds"} <= set(row)
        assert re.fullmatch("[0-9a-f]{64}", row["protocol"])
        assert len(row["looks"]) == len(row["losses"]) == len(row["bands"]["gap 16"]["right"])
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    (tmp_path / "rows.jsonl").write_text(lines[0] + "\n" + lines[1][:100] + "\n")
    again = tool.main(arguments)
    timeless = [[{k: v for k, v in row.items() if k != "cpu_seconds"} for row in rows] for rows in (first, again)]
    assert timeless[0] == timeless[1]


def test_everything_waits_while_the_file_pause_is_there(tmp_path, monkeypatch):
    waited = []
    pause = tmp_path / "PAUSE"
    pause.touch()

    def sleep(_):
        waited.append(1)
        if len(waited) == 3:
            pause.unlink()

    monkeypatch.setattr(tool.time, "sleep", sleep)
    tool.waiter(pause)()
    assert len(waited) == 3
    tool.waiter(pause)()
    assert len(waited) == 3


def test_a_checkout_with_changes_makes_no_rows_that_count(monkeypatch):
    changed = SimpleNamespace(stdout=" M file\n")
    monkeypatch.setattr(tool.subprocess, "run", lambda *_, **__: changed)
    with pytest.raises(RuntimeError, match="changes"):
        tool.commit()
    assert tool.commit(0.5).endswith("+changes")


def done(run, loss=0.2, born=None):
    """A row as a run of stories gives it, whose memories are born at the look `born`."""
    looks = [50_000 * 2**number for number in range(9)]
    right = [0 if born is None or number < born else 100 for number in range(9)]
    names = ["gap 16"] if run["text"] == "law" else ["name", "friend"]
    bands = {name: {"asked": 100, "chance": 1 / 6, "right": right} for name in names}
    return {**run, "status": "finished", "looks": looks, "losses": [loss] * 9, "bands": bands}


def test_what_is_chosen_follows_from_the_rows_and_only_from_complete_ones():
    rows = [done(run, 0.2 + number / 1000) for number, run in enumerate(birth_plan.grid([]))]
    assert birth_plan.best_by_loss(rows, "GRU") == {"start": "bias 0.5", "rate": 0.003}
    rows[10] = done(rows[10], 0.9, born=3)  # an LSTM
    rows[12] = done(rows[12], 0.8, born=2)
    assert rows[12]["cell"] == "LSTM"
    assert birth_plan.best_by_births(rows, "LSTM") == {name: rows[12][name] for name in ("start", "rate")}
    rows[1]["status"] = "diverged"
    assert birth_plan.best_by_loss(rows, "GRU")["rate"] == 0.0065
    with pytest.raises(birth_plan.NotYetError):
        birth_plan.best_by_loss(rows[1:], "GRU")
    chosen = [run for run in birth_plan.plan(rows, ["pairs", "pairs by births"])]
    assert len(chosen) == 16 + 6 - 3 * (birth_plan.best_by_births(rows, "GRU") == birth_plan.best_by_loss(rows, "GRU"))


def test_the_plan_has_as_many_runs_as_the_protocol_and_no_run_twice():
    start = list(birth_plan.law_start([]))
    rows = [done(run, born=None if run["start"] == "chrono 32" else 3) for run in start]
    rows += [done(run) for run in birth_plan.grid([])]
    rows += [done(run) for run in birth_plan.grid_again([])]
    rows += [done(run) for run in birth_plan.parts_search(rows)]
    runs = list(birth_plan.plan(rows))
    counts = {part: sum(run["part"] == part for run in runs) for part in birth_plan.PARTS}
    wanted = {"law start": 54, "law window": 48, "law predicted": 9, "law window, six names": 48, "grid": 32}
    wanted |= {"pairs": 16, "late": 6, "near": 16, "manual": 6, "grid again": 32, "pairs again": 10}
    assert wanted.items() <= counts.items()
    keys = [tuple(run[name] for name in IDENTITY) for run in runs]
    assert len(set(keys)) == len(keys)
    for one, two in product(runs, repeat=2):  # nobody is tested or looked at on stories that settings were chosen on
        if one["part"] == "grid" and two["part"] == "pairs":
            assert one["corpus"] != two["corpus"]


def test_each_part_of_the_plan_stands_in_the_protocol_in_its_order():
    text = BIRTH_PROTOCOL.read_text(encoding="utf-8")
    order = re.search(r"The order is: (.+?)\. If time", text)[1].split(", ")
    assert [part.replace(" with six names", ", six names") for part in order] == list(birth_plan.PARTS)
    assert f"rates {', '.join(map(str, birth_plan.RATES))}, starts {', '.join(birth_plan.GRID_STARTS)}:" in text
