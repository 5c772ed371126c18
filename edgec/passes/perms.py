"""Permutations of axes. As in ONNX Transpose, new axis k is old axis `perm[k]`."""

from __future__ import annotations

from collections.abc import Sequence

Perm = tuple[int, ...]
Shape = tuple[int, ...]


def identity(rank: int) -> Perm:
    """The permutation that moves nothing."""
    return tuple(range(rank))


def to_last(rank: int) -> Perm:
    """From [N, C, *S] to [N, *S, C]; nothing below rank 3."""
    return identity(rank) if rank < 3 else (0, *range(2, rank), 1)


def to_first(rank: int) -> Perm:
    """From [N, *S, C] to [N, C, *S]; nothing below rank 3."""
    return inverse(to_last(rank))


def inverse(perm: Perm) -> Perm:
    """The permutation that undoes `perm`."""
    result = [0] * len(perm)
    for new, old in enumerate(perm):
        result[old] = new
    return tuple(result)


def compose(first: Perm, second: Perm) -> Perm:
    """One permutation for a Transpose by `first`, then one by `second`."""
    return tuple(first[axis] for axis in second)


def apply(perm: Perm, shape: Sequence[int]) -> Shape:
    """The shape of a tensor of `shape` after a Transpose by `perm`."""
    return tuple(shape[axis] for axis in perm)


def moves_data(perm: Perm, shape: Sequence[int]) -> bool:
    """False if only axes of extent 1 change their place, so that a Reshape does the same."""
    kept = [axis for axis in perm if shape[axis] != 1]
    return kept != sorted(kept) and 0 not in shape


def through_reshape(perm: Perm, a: Shape, b: Shape) -> Perm | None:
    """What a permutation of axes before a Reshape from `a` to `b` does behind it.

    Let x have shape `a`. The elements of Transpose(x, perm), in order, are those of
    Transpose(Reshape(x, b), q) for the permutations q that order the axes of `b` that are
    longer than 1 as the result says. None if no permutation of `b` does that.
    """
    runs = _runs(a, b)
    if runs is None:
        return None
    starts = {run_a[0]: (run_a, run_b) for run_a, run_b in runs}
    order = tuple(axis for axis in perm if a[axis] != 1)
    result: list[int] = []
    at = 0
    while at < len(order):
        run_a, run_b = starts.get(order[at], ((), ()))
        if not run_a or order[at : at + len(run_a)] != run_a:
            return None
        result.extend(run_b)
        at += len(run_a)
    return tuple(result)


def complete(order: Perm, shape: Shape) -> Perm:
    """A permutation of `shape` with its axes longer than 1 in `order`, the others in place."""
    moving = iter(order)
    return tuple(axis if shape[axis] == 1 else next(moving) for axis in range(len(shape)))


def _runs(a: Shape, b: Shape) -> list[tuple[Perm, Perm]] | None:
    """Shortest runs of axes longer than 1 of `a` and `b` that hold as many elements."""
    if 0 in a or 0 in b:
        return None
    axes_a = [axis for axis, extent in enumerate(a) if extent != 1]
    axes_b = [axis for axis, extent in enumerate(b) if extent != 1]
    runs: list[tuple[Perm, Perm]] = []
    while axes_a:
        run_a, run_b = [axes_a.pop(0)], [axes_b.pop(0)]
        size_a, size_b = a[run_a[0]], b[run_b[0]]
        while size_a != size_b:
            if size_a < size_b:
                run_a.append(axes_a.pop(0))
                size_a *= a[run_a[-1]]
            else:
                run_b.append(axes_b.pop(0))
                size_b *= b[run_b[-1]]
        runs.append((tuple(run_a), tuple(run_b)))
    return runs
