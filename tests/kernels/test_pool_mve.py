"""The max pool for Helium gives what the operator's reference says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import CallNames
from edgec.kernels.pool_s8_mve import MAXPOOL
from edgec.ops.pool import MaxPool
from tests.kernels.harness import Case, check
from tests.kernels.test_pools import SHAPES, Shape, facts_of

# more channels than a vector, a single one, a line
WIDE: tuple[Shape, ...] = (
    (6, 8, 40, (2, 2), (2, 2), (0, 0, 0, 0)),
    (5, 7, 32, (3, 3), (1, 2), (1, 1, 1, 1)),
    (4, 4, 1, (2, 3), (1, 1), (0, 1, 1, 0)),
    (1, 30, 20, (1, 5), (1, 2), (0, 2, 0, 2)),
)


@pytest.mark.qemu
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_largest_of_any_window_inside_the_image(dilation: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(dilation)
    cases: list[Case] = []
    for number, shape in enumerate((*SHAPES, *WIDE)):
        reach = [(k - 1) * dilation + 1 for k in shape[3]]
        room = [shape[axis] + shape[5][axis] + shape[5][axis + 2] for axis in (0, 1)]
        if any(r > size for r, size in zip(reach, room, strict=True)):
            continue
        f = facts_of(shape, 1 + number % 2, dilation)
        x = rng.integers(-128, 128, (f.n, f.in_h, f.in_w, f.in_c)).astype(np.int8)
        op = MaxPool((f.k_h, f.k_w), f.stride, f.pads, f.dilation, channels_last=True)
        call = MAXPOOL.emit(f, CallNames("x", "y"))
        cases.append(Case(str(shape), MAXPOOL, call, x, (), 0, op.reference(x)))
    assert len(cases) > 5
    check("cortex-m55", cases, tmp_path)
