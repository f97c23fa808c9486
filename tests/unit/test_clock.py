"""Results from a machine whose clock was ahead."""

import os
import time
from pathlib import Path

from oddjet.watch.clock import of_today


def test_results_of_the_future_get_the_time_of_now_and_others_keep_theirs(tmp_path: Path) -> None:
    times = {"future": time.time() + 86_400, "clock of a neighbour": time.time() + 5, "past": 1e9}
    for name, when in times.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (when, when))
    files = [str(tmp_path / name) for name in (*times, "missing")]
    assert of_today(files) == [str(tmp_path / "future")]
    assert abs((tmp_path / "future").stat().st_mtime - time.time()) < 5
    for name in ("clock of a neighbour", "past"):
        assert abs((tmp_path / name).stat().st_mtime - times[name]) < 1e-3
    assert of_today(files) == []
