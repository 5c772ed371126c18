"""Finds which operands a step may overwrite with its result."""

from __future__ import annotations

from edgec.loops.buffer import Buffer
from edgec.loops.expr import Expr, is_index
from edgec.loops.index import Affine, affine, interval, ravel
from edgec.loops.stmt import For, If, Stmt, Store, loads, walk


def inplace_pairs(
    body: tuple[Stmt, ...], reads: tuple[Buffer, ...], writes: tuple[Buffer, ...]
) -> tuple[tuple[int, int], ...]:
    """Pairs (index into writes, index into reads) that may share one address.

    Safe if there is a single store, which goes to another position in every iteration, and
    each load of the operand stands before it and is at the position that is stored in the
    same iteration: element k is read before byte range k is written. The element sizes must
    be equal, so that no other element is touched.
    """
    found = _only_store(body)
    if found is None or len(writes) != 1:
        return ()
    store, loops = found
    target = _place(ravel(store.index, store.buffer.shape))
    if target is None or not _injective(target, loops):
        return ()
    late = {id(load.buffer) for load in loads(_after(body, store))}
    pairs = []
    for k, buffer in enumerate(reads):
        if buffer.size != writes[0].size or buffer.dtype.size != writes[0].dtype.size:
            continue
        places = [_place(ravel(e.index, buffer.shape)) for e in loads(body) if e.buffer is buffer]
        if all(p == target for p in places) and id(buffer) not in late:
            pairs.append((0, k))
    return tuple(pairs)


def _only_store(body: tuple[Stmt, ...]) -> tuple[Store, tuple[For, ...]] | None:
    """The store of a body that has exactly one, with the loops around it."""
    found: list[tuple[Store, tuple[For, ...]]] = []
    stack: list[tuple[tuple[Stmt, ...], tuple[For, ...]]] = [(body, ())]
    while stack:
        block, loops = stack.pop()
        for stmt in block:
            if isinstance(stmt, Store):
                found.append((stmt, loops))
            elif isinstance(stmt, For):
                stack.append((stmt.body, (*loops, stmt)))
            elif isinstance(stmt, If):
                stack += [(stmt.then, loops), (stmt.otherwise, loops)]
    return found[0] if len(found) == 1 else None


def _after(body: tuple[Stmt, ...], store: Store) -> tuple[Stmt, ...]:
    """The statements behind the store, in the order of the text."""
    order = list(walk(body))
    at = next(k for k, stmt in enumerate(order) if stmt is store)
    return tuple(order[at + 1 :])


def _injective(place: Affine, loops: tuple[For, ...]) -> bool:
    """True if no two iterations of `loops` give the same place: digits of a mixed radix."""
    terms, _ = place
    reach = 0
    ordered = sorted(loops, key=lambda loop: abs(terms.get(loop.var, 0)))
    for loop in ordered:
        step = abs(terms.get(loop.var, 0)) * loop.step
        if step <= reach:
            return False
        low, high = interval(loop.var)
        reach += step * ((high - low) // loop.step)
    return True


def _place(flat: Expr) -> Affine | None:
    return affine(flat) if is_index(flat) else None
