"""From a compiled model to the summary that users see, and what to do if it does not fit."""

from __future__ import annotations

from edgec.emit.manifest import ManifestFile
from edgec.plan.result import MemoryPlan
from edgec.report.records import FlashUse, LayerRow, MemoryUse, Summary

WORTH = 0.1  # part of the cycles of waiting that advice has to save


def summarize(
    manifest: ManifestFile, plan: MemoryPlan, capacity: tuple[int | None, int | None]
) -> Summary:
    """What is known before any C is compiled; `capacity` is (RAM, flash) in bytes."""
    ram, flash = capacity
    rows = tuple(
        LayerRow(row.name, row.op, row.kernel, row.macs, row.output, row.live_bytes)
        for row in manifest.layers
    )
    return Summary(
        name=manifest.name,
        target=manifest.target,
        board=manifest.board,
        macs=manifest.macs,
        flash=FlashUse(manifest.weights_bytes, capacity=flash),
        ram=MemoryUse(max(plan.arena_bytes, 1), capacity=ram),
        layers=rows,
        arena_lower_bound=None if len(plan.parts) > 1 else plan.lower_bound,
        plan_is_optimal=plan.proven_optimal,
        notes=manifest.notes,
    )


def reasons(summary: Summary) -> tuple[str, ...]:
    """Why the model does not fit; empty if it does."""
    out = []
    ram, flash = summary.ram, summary.flash
    if not ram.fits and ram.capacity is not None:
        stack = ram.stack or "(not known)"
        out.append(
            f"RAM: arena {ram.arena} + stack {stack} + static {ram.static}{_copied(ram)} = "
            f"{ram.total} "
            f"bytes, {ram.total - ram.capacity} more than the {ram.capacity} there are"
        )
    if not flash.fits and flash.capacity is not None:
        out.append(
            f"flash: weights {flash.weights} + code {flash.code + flash.kernels} = {flash.total} "
            f"bytes, {flash.total - flash.capacity} more than the {flash.capacity} there are"
        )
    return tuple(out)


def advice(summary: Summary) -> tuple[str, ...]:
    """What to try if the model does not fit."""
    out = []
    peak = summary.peak_layer
    if not summary.ram.fits and peak is not None:
        out.append(
            f"layer {peak.name} needs most RAM ({peak.live_bytes} bytes live, {peak.output}): "
            "a smaller input, fewer channels or a larger stride before it helps most"
        )
    if not summary.flash.fits:
        heavy = (
            "int8 quantization divides the weights by four"
            if _is_float(summary)
            else ("fewer or smaller channels in the layers with most weights")
        )
        out.append(f"weights take {summary.flash.weights} bytes: {heavy}")
    return tuple(out)


def _copied(ram: MemoryUse) -> str:
    return f" + weights {ram.weights}" if ram.weights else ""


def waiting_advice(now: float, better: float) -> tuple[str, ...]:
    """What `--place auto` would do to `now` cycles of waiting, if it is worth a word."""
    if better >= (1 - WORTH) * now:
        return ()
    return (
        f"--place auto: about {round(better):,} cycles of waiting for memory instead of "
        f"{round(now):,}",
    )


def _is_float(summary: Summary) -> bool:
    return any(row.output.startswith("f32") for row in summary.layers)
