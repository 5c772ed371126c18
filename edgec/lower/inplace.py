"""Finds which operands a step may overwrite with its result."""

from __future__ import annotations

from edgec.loops.buffer import Buffer
from edgec.loops.index import Affine, affine, ravel
from edgec.loops.stmt import Stmt, Store, loads, walk


def inplace_pairs(
    body: tuple[Stmt, ...], reads: tuple[Buffer, ...], writes: tuple[Buffer, ...]
) -> tuple[tuple[int, int], ...]:
    """Pairs (index into writes, index into reads) that may share one address.

    Safe if there is a single store, and each load of the operand is at the position that
    is stored in the same iteration: element k is read before byte range k is written.
    The element sizes must be equal, so that no other element is touched.
    """
    stores = [s for s in walk(body) if isinstance(s, Store)]
    if len(stores) != 1 or len(writes) != 1:
        return ()
    (store,) = stores
    target = _place(ravel(store.index, store.buffer.shape))
    if target is None:
        return ()
    pairs = []
    for k, buffer in enumerate(reads):
        if buffer.size != writes[0].size or buffer.dtype.size != writes[0].dtype.size:
            continue
        places = [_place(ravel(e.index, buffer.shape)) for e in loads(body) if e.buffer is buffer]
        if all(p == target for p in places):
            pairs.append((0, k))
    return tuple(pairs)


def _place(flat: object) -> Affine | None:
    from edgec.loops.expr import Expr, is_index

    if not isinstance(flat, Expr) or not is_index(flat):
        return None
    return affine(flat)
