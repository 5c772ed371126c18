"""Which passes run, in which order. Quantized models: `QUANTIZED` stands between the two.

BEFORE    plain forms: constants folded, everything fused that is exact in float
(islands of Dequantize -> op -> Quantize become integer operators here)
AFTER     channels last, and what that leaves to tidy up
"""

from __future__ import annotations

from edgec.passes.base import Pass
from edgec.passes.cse import ShareCommon
from edgec.passes.dead_code import RemoveDeadCode
from edgec.passes.fold_affine import FoldAffine
from edgec.passes.fold_constants import FoldConstants
from edgec.passes.fuse_activation import FuseActivation
from edgec.passes.fuse_pad import FusePad
from edgec.passes.identities import RemoveIdentities
from edgec.passes.layout import ChannelsLast
from edgec.passes.match import DEQUANTIZE, QUANTIZE
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
    ToGemm(),
    FoldAffine(),
    FusePad(),
    FuseActivation(),
    MergeViews(),
    RemoveIdentities(),
)

BEFORE: tuple[Pass, ...] = (*CLEANUP, *FUSION)

AFTER: tuple[Pass, ...] = (
    FoldConstants(),
    ChannelsLast(),
    MergeViews(),
    RemoveIdentities(),
    FuseActivation(),
    FoldConstants(),
    ShareCommon(),
    RemoveDeadCode(),
)

FLOAT: tuple[Pass, ...] = (*BEFORE, *AFTER)
