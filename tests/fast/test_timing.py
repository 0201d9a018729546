"""What is compared takes turns, and the first rounds are not counted."""

import time

from charrnn_helpers.fast import time_in_turn, update_of
from charrnn_helpers.networks import GRUModel


def test_actions_take_turns_and_the_rounds_to_warm_up_are_left_out(monkeypatch):
    now, called = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def action(name, seconds):
        def act():
            called.append(name)
            now[0] += seconds * (10 if len(called) <= 2 else 1)  # the first round is slow

        return act

    times = time_in_turn({"a": action("a", 1.0), "b": action("b", 2.0)}, rounds=3, warm_up=1)
    assert called == ["a", "b"] * 4
    assert times == {"a": [1000.0] * 3, "b": [2000.0] * 3}


def test_an_update_changes_the_weights_of_its_network():
    model = GRUModel(5, 4, 1)
    before = model.head.weight.clone()
    update = update_of(model, streams=2, window=3)
    loss, norm, state = update()
    assert not before.equal(model.head.weight)
    assert min(loss, norm) > 0
    assert state.shape == (1, 2, 4)
