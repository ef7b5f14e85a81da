"""The functions for memory that static builds bring along (crates/server/memory)."""

import subprocess
from pathlib import Path

MEMORY = Path(__file__).parents[4] / "crates/server/memory"
FLAGS = ["-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-tree-loop-distribute-patterns"]


def test_they_copy_fill_and_compare_like_the_plainest_ones_and_touch_nothing_beside(tmp_path):
    check = tmp_path / "check"
    sources = [str(MEMORY / name) for name in ("memory.c", "check.c")]
    subprocess.run(["cc", *FLAGS, "-DNAME(name)=own_##name", *sources, "-o", str(check)], check=True)
    said = subprocess.run([str(check)], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "all as they should be\n"), said.stderr
