"""How many processes there is room for. What a pool does with them, `test_sweeps.py` tries."""

import os

import pytest

from charrnn_helpers.experiments import process_pool

V1 = {"cpu/cpu.cfs_period_us": "100000"}


@pytest.mark.parametrize(
    ("files", "room"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n", "memory.max": "max\n"}, 8),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "250000 100000\n", "memory.max": "max\n"}, 3),
        ({"memory.max": f"{2 * 1024**3}\n"}, 2),  # Binder's
        ({"cpu.max": "max 100000\n", "memory.max": "500000000"}, 1),
        ({**V1, "cpu/cpu.cfs_quota_us": "-1\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"}, 8),
        ({**V1, "cpu/cpu.cfs_quota_us": "200000\n"}, 2),
        ({"memory/memory.limit_in_bytes": f"{4 * 1024**3}\n"}, 7),
    ],
)
def test_a_container_has_room_for_as_many_workers_as_its_limits_allow(files, room, tmp_path, monkeypatch):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(process_pool, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert process_pool.room_for_workers() == room
