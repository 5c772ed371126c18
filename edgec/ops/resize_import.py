"""Import of ONNX Resize (opsets 10, 11, 13, 18, 19) and Upsample (7, 9)."""

from __future__ import annotations

import math

from edgec.ir.graph import Value
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.resize import Resize


def _floats(n: OnnxNode, k: int, what: str) -> tuple[float, ...]:
    """Constant operand `k` as floats; empty if it is absent."""
    return tuple(float(v) for v in n.const(k, what).reshape(-1)) if n.has(k) else ()


def _emit(b: ImportBuilder, n: OnnxNode, op: Resize) -> Value:
    x = n.input(0)
    untouched = op.shape == x.type.shape and all(s == 1.0 for s in op.scales)
    if untouched and op.transform != "tf_crop_and_resize":
        return x
    return b.emit(op, x)


def _scaled(n: OnnxNode, scales: tuple[float, ...]) -> tuple[int, ...]:
    """Output shape for scales of all axes; E0227 if there are not as many."""
    shape = n.type(0).shape
    if len(scales) != len(shape):
        raise n.error(
            "E0227",
            f"{n.op_type} has {len(scales)} scales for a tensor of rank {len(shape)}",
            rule="there is one scale for each axis",
        )
    return tuple(math.floor(d * s) for d, s in zip(shape, scales, strict=True))


@onnx_op("Upsample")
def _upsample(b: ImportBuilder, n: OnnxNode) -> Value:
    scales = _floats(n, 1, "the scales") if n.version >= 9 else n.get_floats("scales")
    mode = n.get_string("mode", "nearest")
    shape = _scaled(n, scales)
    return _emit(b, n, Resize(shape, scales, mode, "asymmetric", "floor"))


@onnx_op("Resize", note="scales and sizes known at compile time")
def _resize(b: ImportBuilder, n: OnnxNode) -> Values:
    if n.version < 11:
        return _upsample(b, n)
    rank = n.type(0).rank
    axes = [n.normal_axis(a) for a in n.get_ints("axes", tuple(range(rank)))]
    scales, shape = _target(n, axes)
    transform = n.get_string("coordinate_transformation_mode", "half_pixel")
    region = _floats(n, 1, "the region") if transform == "tf_crop_and_resize" else ()
    starts, ends = [0.0] * rank, [1.0] * rank
    if len(region) == 2 * len(axes):
        for k, axis in enumerate(axes):
            starts[axis], ends[axis] = region[k], region[k + len(axes)]
    op = Resize(
        shape,
        scales,
        n.get_string("mode", "nearest"),
        transform,
        n.get_string("nearest_mode", "round_prefer_floor"),
        n.get_float("cubic_coeff_a", -0.75),
        n.get_int("exclude_outside", 0),
        n.get_float("extrapolation_value", 0.0),
        n.get_int("antialias", 0),
        (*starts, *ends) if region else (),
    )
    return _emit(b, n, op)


def _target(n: OnnxNode, axes: list[int]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Scales and output sizes of all axes."""
    old = n.type(0).shape
    scales = [1.0] * len(old)
    given = _floats(n, 2, "the scales")
    if given:
        if len(given) != len(axes):
            raise n.error(
                "E0227",
                f"Resize has {len(given)} scales for {len(axes)} axes",
                rule="there is one scale for each axis",
            )
        for axis, scale in zip(axes, given, strict=True):
            scales[axis] = scale
        return tuple(scales), _scaled(n, tuple(scales))
    sizes = n.const_ints(3, "the sizes")
    if len(sizes) != len(axes):
        raise n.error(
            "E0227",
            f"Resize has {len(sizes)} sizes for {len(axes)} axes",
            rule="there is one size for each axis",
        )
    shape = list(old)
    for axis, size in zip(axes, sizes, strict=True):
        shape[axis], scales[axis] = size, size / old[axis]
    policy = n.get_string("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        common = [scales[a] for a in axes]
        scale = min(common) if policy == "not_larger" else max(common)
        for axis in axes:
            shape[axis], scales[axis] = math.floor(scale * old[axis] + 0.5), scale
    return tuple(scales), tuple(shape)
