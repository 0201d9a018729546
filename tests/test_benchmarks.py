"""Each benchmark runs to its end on something tiny, and reports what it says it measures. No figure is judged."""

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
import training_speed as benchmark

from charrnn_helpers.models import MODELS


def test_training_speed_is_reported_for_both_cells_in_every_way(tmp_path, capsys):
    sizes = {"units": (8, 16), "streams": 2, "window": 4, "updates": 1, "rounds": 2, "matmul": 16}
    tiny = ["--device", "cpu"]
    for name, value in sizes.items():
        tiny += [f"--{name}", *map(str, value if isinstance(value, tuple) else [value])]
    result = benchmark.main([*tiny, "--json", str(tmp_path / "speed.json")])
    assert json.loads((tmp_path / "speed.json").read_text()) == result
    found = {(row["cell"], row["units"], row["how"]) for row in result["rows"] if row["how"] != "bfloat16"}
    assert found == {
        (cell, units, way) for cell in MODELS for units in (8, 16) for way in ("float32", "float32, one by one")
    }
    assert all(row["characters_per_second"] > 0 for row in result["rows"])
    assert capsys.readouterr().out.count("GRU") == len(result["rows"]) / 2


@pytest.mark.parametrize("way", ["float32", "float32, one by one"])
def test_the_ways_that_are_compared_compute_the_same(cell, way):
    device = torch.device("cpu")
    ids = torch.randint(benchmark.VOCABULARY, (2, 5), generator=torch.Generator().manual_seed(0))
    models = benchmark.kinds(cell, 16, device)
    expected, _ = models["float32"].model(ids)
    logits, _ = models[way](ids)
    assert torch.allclose(logits, expected, atol=1e-5)


def test_flop_count_of_the_recurrent_layer_is_three_quarters_for_a_gru():
    """By hand for 2 units: 3 passes, 2 operations, 4 · 2 · (64 + 2) + 2 · 65 products for the LSTM."""
    assert benchmark.flop_per_character("LSTM", 2) == 6 * (528 + 130)
    assert benchmark.flop_per_character("GRU", 2) == 6 * (396 + 130)
