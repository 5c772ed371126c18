"""The verbs that compile hand their options to the driver and render what it returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import edgec
from edgec.cli.main import main
from edgec.config import GenOptions, Io, Optimize, WeightsFormat
from edgec.report.records import (
    BenchResult,
    CheckResult,
    FlashUse,
    GenResult,
    MemoryUse,
    OutputMatch,
    RunMatch,
    Summary,
    SweepResult,
    SweepRow,
    VerifyResult,
)

Capture = pytest.CaptureFixture[str]
Progress = Callable[[str], None]
SUMMARY = Summary("kws", "cortex-m4", None, 100, FlashUse(10), MemoryUse(20))


@dataclass
class FakeDriver:
    """Notes the options that it is called with."""

    ok: bool = True
    seen: list[GenOptions] = field(default_factory=list)
    inputs: Path | None = None
    count: int | None = None

    def generate(self, model: Path, options: GenOptions, progress: Progress) -> GenResult:
        self.seen.append(options)
        progress("importing")
        return GenResult(options.output_folder(model), ("kws.c",), SUMMARY)

    def check(self, model: Path, options: GenOptions, progress: Progress) -> CheckResult:
        self.seen.append(options)
        return CheckResult(SUMMARY, () if self.ok else ("arena is too big",), ("a smaller model",))

    def sweep(self, model: Path, options: GenOptions, progress: Progress) -> SweepResult:
        self.seen.append(options)
        row = SweepRow(MemoryUse(20, capacity=30), FlashUse(10), 1000, 1, self.ok)
        return SweepResult("kws", options.target, options.board, (row,))

    def verify(
        self,
        model: Path,
        options: GenOptions,
        inputs: Path | None,
        count: int | None,
        progress: Progress,
    ) -> VerifyResult:
        self.seen.append(options)
        self.inputs, self.count = inputs, count
        output = OutputMatch("y", "s8", 12, self.ok)
        return VerifyResult("kws", (RunMatch("cortex-m4", "mps2-an386", 4, (output,), self.ok),))

    def bench(self, model: Path, options: GenOptions, progress: Progress) -> BenchResult:
        self.seen.append(options)
        return BenchResult(SUMMARY)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver()
    monkeypatch.setattr(edgec, "driver", fake, raising=False)
    return fake


def test_gen_passes_every_option_on(driver: FakeDriver, capsys: Capture) -> None:
    line = (
        "gen kws.onnx --target cortex-m4 --board mps2-an386 -o out --name k --optimize size "
        "--ram 16K --flash 1M --shape x=1,2 --io float --weights incbin --dump-ir ir "
        "--plan-svg p.svg"
    )
    assert main(line.split()) == 0
    assert driver.seen == [
        GenOptions(
            target="cortex-m4",
            board="mps2-an386",
            output=Path("out"),
            name="k",
            optimize=Optimize.SIZE,
            ram=16384,
            flash=1 << 20,
            shapes={"x": (1, 2)},
            io=Io.FLOAT,
            weights=WeightsFormat.INCBIN,
            dump_ir=Path("ir"),
            plan_svg=Path("p.svg"),
        )
    ]
    captured = capsys.readouterr()
    assert "wrote 1 files to out" in captured.out
    assert captured.err == "edgec: importing\n"


@pytest.mark.parametrize("verb", ["gen", "check", "verify", "bench"])
def test_rules_of_placement_are_passed_on(verb: str, driver: FakeDriver) -> None:
    rules = ["--place", "arena=DTCM:1K,RAM", "--place", "weights=FLASH"]
    assert main([verb, "kws.onnx", "--board", "mps3-an547", *rules]) == 0
    assert driver.seen[0].place == ("arena=DTCM:1K,RAM", "weights=FLASH")


def test_rules_of_placement_are_checked_at_once(driver: FakeDriver, capsys: Capture) -> None:
    assert main(["gen", "kws.onnx", "--board", "mps3-an547", "--place", "arena=CCM"]) == 2
    assert "error[E0520]" in capsys.readouterr().err
    assert main(["check", "k.onnx", "-b", "mps3-an547", "--place", "auto", "--sweep"]) == 2
    assert "error[E0520]" in capsys.readouterr().err
    assert driver.seen == []


def test_gen_prints_one_json_document(driver: FakeDriver, capsys: Capture) -> None:
    assert main(["gen", "kws.onnx", "--target", "cortex-m4", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["folder"] == "kws"
    assert document["summary"]["ram"]["arena"] == 20


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_check_fails_when_the_model_does_not_fit(
    ok: bool, status: int, driver: FakeDriver, capsys: Capture
) -> None:
    driver.ok = ok
    assert main(["check", "kws.onnx", "--board", "microbit"]) == status
    assert ("arena is too big" in capsys.readouterr().out) is not ok
    assert driver.seen[0].target == "cortex-m0"
    assert main(["check", "kws.onnx", "--board", "microbit", "--json"]) == status
    assert json.loads(capsys.readouterr().out)["fits"] is ok


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_a_sweep_fails_when_no_schedule_fits(
    ok: bool, status: int, driver: FakeDriver, capsys: Capture
) -> None:
    driver.ok = ok
    line = ["check", "kws.onnx", "--board", "microbit", "--sweep"]
    assert main(line) == status
    assert ("does not fit" in capsys.readouterr().out) is not ok
    assert main([*line, "--json"]) == status
    document = json.loads(capsys.readouterr().out)
    assert (document["fits"], len(document["schedules"])) == (ok, 1)


def test_a_sweep_is_drawn_into_a_file(driver: FakeDriver, capsys: Capture, tmp_path: Path) -> None:
    line = ["check", "kws.onnx", "--board", "microbit", "--sweep", "--plot"]
    assert main([*line, str(tmp_path / "kws.svg")]) == 0
    assert (tmp_path / "kws.svg").read_text().startswith("<svg ")
    assert main([*line, str(tmp_path / "missing" / "kws.svg")]) == 2
    assert "E0015" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["--plot kws.svg", "--sweep --plan-svg kws.svg"])
def test_pictures_of_what_is_not_made_are_refused(
    words: str, driver: FakeDriver, capsys: Capture
) -> None:
    assert main(["check", "kws.onnx", "--board", "microbit", *words.split()]) == 2
    assert "E0014" in capsys.readouterr().err
    assert driver.seen == []


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_verify_fails_when_an_output_differs(
    ok: bool, status: int, driver: FakeDriver, capsys: Capture
) -> None:
    driver.ok = ok
    args = ["verify", "kws.onnx", "--board", "mps2-an386", "--inputs", "x.npz", "--count", "7"]
    assert main(args) == status
    assert ("identical bits" in capsys.readouterr().out) is ok
    assert (driver.inputs, driver.count) == (Path("x.npz"), 7)
    assert main([*args, "--json"]) == status
    assert json.loads(capsys.readouterr().out)["runs"][0]["ok"] is ok


def test_bench_reports_the_cost(driver: FakeDriver, capsys: Capture) -> None:
    assert main(["bench", "kws.onnx", "--target", "cortex-m4"]) == 0
    assert "100 MACs" in capsys.readouterr().out
    assert main(["bench", "kws.onnx", "--target", "cortex-m4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["macs"] == 100
