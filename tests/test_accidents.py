"""A few of the accidents of `accidents.py`, in a process of their own; its command brings about many."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="kills fork, and Windows cannot")
def test_after_kills_flips_and_full_disks_nothing_is_lost_or_half_and_what_is_refused_gets_a_sentence():
    command = [sys.executable, Path(__file__).parent / "tools" / "accidents.py", "--kills", "4", "--flips", "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == 7
