"""Gives the inputs of a model static shapes: what the model says, and what the user binds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx

from edgec.diagnostics import Where, fail, safe_text
from edgec.importer.tensors import MAX_ELEMENTS, dtype_of
from edgec.ir.types import TensorType

BATCH_NAMES = frozenset({"", "n", "b", "bs", "batch", "batch_size", "batchsize", "batch_dim", "?"})

Dim = int | str  # a size, or the name of a symbolic dimension ("" if it has none)


@dataclass(frozen=True)
class DeclaredInput:
    """An input as the model declares it; `dims` is None if not even the rank is known."""

    name: str
    elem_type: int
    dims: tuple[Dim, ...] | None

    def __str__(self) -> str:
        shape = (
            "?" if self.dims is None else ",".join(str(d) if d != "" else "?" for d in self.dims)
        )
        return f"'{self.name}' [{shape}]"


def input_types(
    inputs: Sequence[onnx.ValueInfoProto], shapes: Mapping[str, tuple[int, ...]], where: Where
) -> tuple[TensorType, ...]:
    """The type of every input, with the user's `shapes` by input name.

    A symbolic dimension takes its size from another input that binds the same name; an
    unbound leading one that is unnamed or named like a batch is 1.
    Errors: E0105 unbound or contradicting, E0106 element type, E0107 impossible size,
    E0109 unknown name in `shapes`.
    """
    declared = tuple(_declared(i, where) for i in inputs)
    _check_names(declared, shapes, where)
    sizes = _bound_sizes(declared, shapes, where)
    resolved = [_resolve(d, shapes.get(d.name), sizes) for d in declared]
    unbound = [d for d, shape in zip(declared, resolved, strict=True) if shape is None]
    if unbound:
        raise _unbound(unbound, where)
    return tuple(
        TensorType(dtype_of(d.elem_type, _at(where, d)), _checked(d, shape or (), where))
        for d, shape in zip(declared, resolved, strict=True)
    )


def _at(where: Where, declared: DeclaredInput) -> Where:
    return Where(file=where.file, tensor=f"'{declared.name}'")


def _declared(info: onnx.ValueInfoProto, where: Where) -> DeclaredInput:
    kind = info.type.WhichOneof("value")
    if kind not in ("tensor_type", None):
        raise fail(
            "E0106",
            f"input '{info.name}' is a {str(kind).removesuffix('_type')}",
            where,
            rule="inputs and outputs are tensors",
            help="export the model with plain tensors (skl2onnx: options={'zipmap': False})",
        )
    tensor = info.type.tensor_type
    if not tensor.HasField("shape"):
        return DeclaredInput(info.name, tensor.elem_type, None)
    dims = tuple(
        int(d.dim_value) if d.HasField("dim_value") else str(d.dim_param) for d in tensor.shape.dim
    )
    return DeclaredInput(info.name, tensor.elem_type, dims)


def _check_names(
    declared: Sequence[DeclaredInput], shapes: Mapping[str, tuple[int, ...]], where: Where
) -> None:
    names = [d.name for d in declared]
    for name in shapes:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1, 0.4)
            raise fail(
                "E0109",
                f"--shape names '{name}', but the model has no such input",
                where,
                rule=f"its inputs are {', '.join(str(d) for d in declared) or 'none'}",
                help=f"did you mean '{close[0]}'?" if close else "use one of these names",
            )


def _bound_sizes(
    declared: Sequence[DeclaredInput], shapes: Mapping[str, tuple[int, ...]], where: Where
) -> dict[str, int]:
    """Sizes of named symbolic dimensions, from the shapes that the user gave."""
    sizes: dict[str, int] = {}
    for d in declared:
        given = shapes.get(d.name)
        if given is None or d.dims is None:
            continue
        if len(given) != len(d.dims):
            raise _contradiction(d, given, where)
        for dim, size in zip(d.dims, given, strict=True):
            if isinstance(dim, str):
                if dim and sizes.setdefault(dim, size) != size:
                    raise _contradiction(d, given, where)
            elif dim > 0 and dim != size:
                raise _contradiction(d, given, where)
    return sizes


def _resolve(
    d: DeclaredInput, given: tuple[int, ...] | None, sizes: Mapping[str, int]
) -> tuple[int, ...] | None:
    """The shape of an input, None if a dimension is unbound."""
    if given is not None:
        return given
    if d.dims is None:
        return None
    shape: list[int] = []
    for axis, dim in enumerate(d.dims):
        if isinstance(dim, int):
            shape.append(dim)
        elif dim in sizes:
            shape.append(sizes[dim])
        elif axis == 0 and _like_batch(dim):
            shape.append(1)
        else:
            return None
    return tuple(shape)


def _like_batch(name: str) -> bool:
    low = name.lower()
    return low in BATCH_NAMES or low.startswith(("unk__", "batch"))


def _checked(d: DeclaredInput, shape: tuple[int, ...], where: Where) -> tuple[int, ...]:
    total = 1
    for size in shape:
        total *= size
    if any(size <= 0 for size in shape) or total > MAX_ELEMENTS:
        raise fail(
            "E0107",
            f"input '{d.name}' has the shape {list(shape)}",
            _at(where, d),
            rule=f"dimensions are positive, a tensor has at most {MAX_ELEMENTS} elements",
            help=f"bind it: --shape {_example(d)}",
        )
    return shape


def _contradiction(d: DeclaredInput, given: tuple[int, ...], where: Where) -> Exception:
    return fail(
        "E0105",
        f"--shape {d.name}={','.join(map(str, given))} contradicts the model",
        where,
        rule=f"the model declares {d}; equal names of dimensions have equal sizes",
        help="only symbolic dimensions can be bound; re-export the model for other sizes",
    )


def _unbound(inputs: Sequence[DeclaredInput], where: Where) -> Exception:
    listed = ", ".join(str(d) for d in inputs)
    example = " ".join(f"--shape {_example(d)}" for d in inputs)
    return fail(
        "E0105",
        f"the shape of {listed} is not static",
        where,
        rule="all sizes are known at compile time; only a leading batch dimension defaults to 1",
        help=f"bind every dimension, for example: {example}",
    )


def _example(d: DeclaredInput) -> str:
    if d.dims is None:
        return f"{_shell(d.name)}=1,3,96,96"
    sizes = []
    for axis, dim in enumerate(d.dims):
        known = isinstance(dim, int) and dim > 0
        sizes.append(str(dim) if known else ("1" if axis == 0 else "16"))
    return f"{_shell(d.name)}={','.join(sizes)}"


def _shell(name: str) -> str:
    plain = all(c.isalnum() or c in "_-./:" for c in name)
    return name if plain else "'" + safe_text(name).replace("'", "'\\''") + "'"
