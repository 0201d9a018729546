"""What is compared takes turns, and the first rounds are not counted."""

import time

from charrnn_helpers.fast import time_in_turn


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
