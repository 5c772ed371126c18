"""What a comparison finds out, as data: the driver passes it on, `report` renders it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OutputMatch:
    """How one output compares over all inputs.

    `bit_exact` says whether it equals edgec's numpy reference of the compiled graph; it is None
    for the float outputs of float models. The other figures are against onnxruntime, and None
    where they make no sense or it cannot run the model. A step is one LSB of an integer output.
    """

    name: str
    dtype: str
    elements: int
    bit_exact: bool | None
    max_abs_error: float | None = None  # in steps for integer outputs
    within_one_step: float | None = None  # fraction of elements, integer outputs only
    # Float outputs: the tolerance of `judge`, around onnxruntime's answer; in a graph that is
    # quantized in part, of the reference's, because one LSB inside is more than that.
    within_tolerance: bool | None = None
    top1_agreement: float | None = None  # fraction of inputs, outputs with one row of scores


@dataclass(frozen=True)
class LayerDifference:
    """The first layer whose result differs from the reference, found by running layer by layer."""

    layer: str
    op: str
    function: str
    input_index: int
    element: int
    expected: str
    got: str


@dataclass(frozen=True)
class RunMatch:
    """One target (and board) against the references."""

    target: str
    board: str  # "host" for a native run
    inputs: int
    outputs: tuple[OutputMatch, ...]
    ok: bool
    first_difference: LayerDifference | None = None
    notes: tuple[str, ...] = ()
