"""`edgec plan`: reports, files and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from edgec.cli.main import main

Capture = pytest.CaptureFixture[str]
EXAMPLE = "id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n"


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(EXAMPLE)
    return path


def test_a_placement_is_written_and_proven(problem: Path, capsys: Capture) -> None:
    out = problem.with_name("out.csv")
    assert main(["plan", str(problem), "-o", str(out), "--capacity", "12"]) == 0
    shown = capsys.readouterr().out
    assert "fits, proven optimal" in shown
    lines = out.read_text().splitlines()
    assert lines[0] == "id,lower,upper,size,offset"
    assert sorted(int(line.split(",")[-1]) for line in lines[1:]) == [0, 4, 4, 8, 8]


def test_what_does_not_fit_fails_and_writes_nothing(problem: Path, capsys: Capture) -> None:
    out = problem.with_name("out.csv")
    assert main(["plan", str(problem), "-o", str(out), "--capacity", "11"]) == 1
    assert "does not fit, proven" in capsys.readouterr().out
    assert not out.exists()


def test_without_a_capacity_the_height_is_the_least(problem: Path, capsys: Capture) -> None:
    assert main(["plan", str(problem), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["height"] == found["lower_bound"] == 12
    assert found["optimal"] and found["fits"] and found["capacity"] is None
    assert len(found["offsets"]) == 5


def test_a_bad_file_is_a_usage_error(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,lower,upper\n")
    assert main(["plan", str(path)]) == 2
    assert capsys.readouterr().err.count("error[E0511]") == 1
    assert main(["plan", str(path), "--capacity", "0"]) == 2
    assert "error[E0006]" in capsys.readouterr().err


def hard(folder: Path) -> Path:
    """A problem that greedy orders do not solve."""
    rng = Random(126)
    rows = [
        (start, start + rng.randrange(1, 6), rng.randrange(1, 30))
        for _ in range(14)
        for start in [rng.randrange(9)]
    ]
    path = folder / "hard.csv"
    text = "".join(f"x{i},{a},{b},{s}\n" for i, (a, b, s) in enumerate(rows))
    path.write_text("id,lower,upper,size\n" + text)
    return path


def test_without_search_the_gap_is_told(tmp_path: Path, capsys: Capture) -> None:
    assert main(["plan", str(hard(tmp_path)), "--effort", "0"]) == 0
    assert "above the optimum" in capsys.readouterr().out
    assert main(["plan", str(hard(tmp_path))]) == 0
    assert "proven optimal" in capsys.readouterr().out


def test_a_search_that_is_too_short_proves_nothing(tmp_path: Path, capsys: Capture) -> None:
    path = str(hard(tmp_path))
    assert main(["plan", path, "--json"]) == 0
    least = json.loads(capsys.readouterr().out)["height"]
    assert main(["plan", path, "--capacity", str(least), "--effort", "0"]) == 1
    assert "a larger --effort may find a way" in capsys.readouterr().out
    assert main(["plan", path, "--capacity", str(least)]) == 0
    capsys.readouterr()
    assert main(["plan", path, "--capacity", str(least - 1), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["lower_bound"] == least
