"""Which passes run, in which order. Quantized models: `QUANTIZED` stands between the two.

BEFORE    plain forms: constants folded, everything fused that is exact in float
(islands of Dequantize -> op -> Quantize become integer operators here)
AFTER     channels last, and what that leaves to tidy up
"""

from __future__ import annotations

from edgec.passes.absorb_views import AbsorbViews
from edgec.passes.base import Pass
from edgec.passes.boundary import AnnotateBoundary, NativeBoundary
from edgec.passes.cse import ShareCommon
from edgec.passes.dead_code import RemoveDeadCode
from edgec.passes.fold_affine import FoldAffine
from edgec.passes.fold_constants import FoldConstants
from edgec.passes.fuse_activation import FuseActivation
from edgec.passes.fuse_pad import FusePad
from edgec.passes.identities import RemoveIdentities
from edgec.passes.layout import ChannelsLast
from edgec.passes.match import DEQUANTIZE, QUANTIZE
from edgec.passes.prune_channels import PruneChannels
from edgec.passes.qdq_islands import QdqIslands, QdqMoves
from edgec.passes.recognize import Recognize
from edgec.passes.signed import SignedActivations
from edgec.passes.to_gemm import ToGemm
from edgec.passes.views import MergeViews, ViewsOutOfIslands

KEEP_QUANTIZED = frozenset({QUANTIZE, DEQUANTIZE})

CLEANUP: tuple[Pass, ...] = (
    RemoveDeadCode(),
    FoldConstants(keep=KEEP_QUANTIZED),
    RemoveIdentities(),
    MergeViews(),
    ShareCommon(),
)

FUSION: tuple[Pass, ...] = (
    ViewsOutOfIslands(),
    FoldConstants(keep=KEEP_QUANTIZED),
    Recognize(),
    ToGemm(),
    MergeViews(),
    FoldAffine(),
    FusePad(),
    FuseActivation(),
    MergeViews(),
    RemoveIdentities(),
)

BEFORE: tuple[Pass, ...] = (*CLEANUP, *FUSION)

AFTER: tuple[Pass, ...] = (
    FoldConstants(),
    FusePad(),
    ChannelsLast(),
    MergeViews(),
    FusePad(),
    RemoveIdentities(),
    FuseActivation(),
    FoldConstants(),
    ShareCommon(),
    RemoveDeadCode(),
    AbsorbViews(),
)

QUANTIZED: tuple[Pass, ...] = (
    AnnotateBoundary(),
    SignedActivations(),
    ShareCommon(),
    SignedActivations(),
    FoldConstants(keep=KEEP_QUANTIZED),
    ViewsOutOfIslands(),
    QdqMoves(),
    ShareCommon(),
    ViewsOutOfIslands(),
    FusePad(),
    FuseActivation(),
)

ISLANDS: tuple[Pass, ...] = (
    QdqIslands(),
    FoldConstants(),
    MergeViews(),
    RemoveDeadCode(),
    PruneChannels(),
)


def pipeline(*, native_io: bool = True) -> tuple[Pass, ...]:
    """All passes. With `native_io` a boundary that is quantized inside is so outside too."""
    boundary: tuple[Pass, ...] = (NativeBoundary(),) if native_io else ()
    return (*BEFORE, *QUANTIZED, *boundary, *ISLANDS, *AFTER)


FLOAT: tuple[Pass, ...] = (*BEFORE, *AFTER)
