"""docs/models.md: the table of all shared models, made from measurements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.records import ModelResult, OutputFigures, TargetRun

NEAR_ENOUGH = 0.99

_HEAD = """# Models

Every model that edgec is tried on, measured by

```
python -m benchmarks.models --write docs/models.md
```

For each model and each of the targets {targets}, the command generates C, compiles it with
`-Wall -Wextra -Werror`, runs the model's four inputs on the host or under QEMU, and compares.

- **result**: *identical bits* means that all outputs are the same bytes on all of these targets and
  in edgec's numpy reference of the compiled graph. *within tolerance* means that every element of
  every output, on every target, is within 1e-4 relative or 1e-5 absolute of onnxruntime's, or
  within 1e-6 of the output's largest element (8 roundings of a float32, which is as near to the
  exact sum as onnxruntime itself is where large terms cancel).
- **error**: of float outputs the largest absolute difference from onnxruntime, and that divided by
  the largest element; of integer outputs the largest difference in steps (LSB).
- **within 1 LSB** and **top-1**: the fraction of output elements within one step of onnxruntime,
  and of inputs with the same best element; first against onnxruntime with its default
  optimizations, then with all of them off, where the model file has both. Outputs that are int8
  here but float in the model are compared in steps of their scale.
- **exact**: for quantized models, the fraction of output elements that equal those of the model
  computed in exact arithmetic (float64, as the standard defines the operators). Where values lie
  half way between two codes, onnxruntime's float32 rounding decides at random, and a Softmax at
  the end magnifies that to several steps; edgec does not.
- **arena** and **weights**: bytes on the first target of the list; kernels differ from core to
  core, and so do these ([performance.md](performance.md) has the other cores).
- **gen**: processor time of `edgec gen --target cortex-m4`, Python's start included.
- **instructions**: executed on Cortex-M4 for one inference, counted under QEMU.
"""

_COLUMNS = (
    "model | result | arena B | weights B | error | within 1 LSB | top-1 | exact | gen s "
    "| instructions M4"
)


def document(results: Sequence[ModelResult], targets: Sequence[str]) -> str:
    """The whole of docs/models.md."""
    parts = [_HEAD.format(targets=", ".join(f"`{t}`" for t in targets))]
    for title, kinds in (
        ("Quantized models", ("integer",)),
        ("Quantized models with float operators left", ("mixed",)),
        ("Float models", ("float",)),
        ("Models that do not compile", ("",)),
    ):
        chosen = [result for result in results if result.arithmetic in kinds]
        if chosen:
            parts.append(f"## {title}\n\n{_table(chosen)}")
    remarks = _remarks(results)
    if remarks:
        parts.append("## Remarks\n\n" + "\n".join(f"- {line}" for line in remarks) + "\n")
    return "\n".join(parts)


def _table(results: Sequence[ModelResult]) -> str:
    count = _COLUMNS.count("|") + 1
    lines = [f"| {_COLUMNS} |", "|" + " --- |" * 2 + " ---: |" * (count - 2)]
    lines += [f"| {' | '.join(_cells(result))} |" for result in results]
    return "\n".join(lines) + "\n"


def _cells(result: ModelResult) -> tuple[str, ...]:
    run = next((r for r in result.runs if r.arena), None)
    if run is None:
        return (result.name, _verdict(result), *("",) * 6, f"{result.gen_seconds:.1f}", "")
    instructions = next((r.instructions for r in result.runs if r.instructions), None)
    return (
        result.name,
        _verdict(result),
        f"{run.arena:,}",
        f"{run.weights:,}",
        _errors(result),
        _both(result, "near"),
        _both(result, "top1"),
        "" if result.exact is None else f"{100 * result.exact:.4g} %",
        f"{result.gen_seconds:.1f}",
        "" if instructions is None else f"{instructions:,}",
    )


def _verdict(result: ModelResult) -> str:
    broken = [run for run in result.runs if run.problem]
    if broken:
        return f"**wrong** on {', '.join(run.target for run in broken)}"
    exact = [run.exact for run in result.runs]
    if result.arithmetic == "integer":
        return "identical bits" if result.same_bits and all(exact) else "**bits differ**"
    if result.arithmetic == "mixed" and result.same_bits and all(exact):
        return "identical bits"
    return "within tolerance"


def _errors(result: ModelResult) -> str:
    figures = [f for run in result.runs for f in run.optimized]
    integers = [f.error for f in figures if f.near is not None]
    floats = [f for f in figures if f.near is None]
    parts = [f"{max(integers):g} LSB"] if integers else []
    if floats:
        worst = max(f.error for f in floats)
        parts.append(f"{worst:.1e} ({max(f.relative for f in floats):.0e})")
    return ", ".join(parts)


def _both(result: ModelResult, key: str) -> str:
    """A fraction against onnxruntime's two levels, of all outputs that have it."""
    picks: tuple[Callable[[TargetRun], tuple[OutputFigures, ...]], ...] = (
        lambda run: run.optimized,
        lambda run: run.plain,
    )
    shown = []
    for pick in picks:
        values = [
            value
            for run in result.runs
            for figures in pick(run)
            if (value := figures.near if key == "near" else figures.top1) is not None
        ]
        if values:
            shown.append(f"{100 * min(values):.4g} %")
    return " / ".join(shown)


def _remarks(results: Sequence[ModelResult]) -> list[str]:
    lines = []
    for result in results:
        lines += [f"{result.name}: {note}" for note in result.notes]
        lines += [f"{result.name}, {r.target}: {r.problem}" for r in result.runs if r.problem]
        if result.arithmetic == "integer" and near_fraction(result) < NEAR_ENOUGH:
            lines.append(
                f"{result.name}: fewer than 99 % of the elements are within one step of "
                f"onnxruntime at either of its levels, {100 * (result.exact_near or 0):.4g} % of "
                "exact arithmetic"
            )
    return lines


def near_fraction(result: ModelResult) -> float:
    """The smallest fraction of an output's elements within one step of onnxruntime.

    Of the level of onnxruntime that agrees better; 1 where no output is an integer.
    """
    run = next((r for r in result.runs if r.optimized), None)
    if run is None:
        return 1.0
    levels = [level for level in (run.optimized, run.plain) if level]
    return max(
        min((1.0 if figures.near is None else figures.near for figures in level), default=1.0)
        for level in levels
    )
