"""Islands of Dequantize -> op -> Quantize become integer operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgec.passes.qdq_elementwise import (
    average_pool,
    function_of_one,
    mean,
    product_of_two,
    requantize,
    softmax,
    sum_of_two,
    table_of_table,
)
from edgec.passes.qdq_linear import (
    convolution,
    fully_connected,
    product_of_activations,
)
from edgec.passes.qdq_moves import (
    dequantize_after_concat,
    dequantize_after_move,
    largest_of_integers,
    quantize_before_concat,
    quantize_before_move,
)
from edgec.passes.qdq_norm import layer_norm
from edgec.passes.qdq_resize import resize, softmax_of_other_axis
from edgec.passes.qdq_transpose import transposed_convolution
from edgec.passes.rewrite import Peephole, Rule


@dataclass(frozen=True)
class QdqMoves(Peephole):
    """Data movement on integers, so that islands are as large as they can be."""

    name: ClassVar[str] = "qdq-moves"
    rules: ClassVar[tuple[Rule, ...]] = (
        dequantize_after_move,
        dequantize_after_concat,
        quantize_before_concat,
        quantize_before_move,
        largest_of_integers,
        requantize,
    )


@dataclass(frozen=True)
class QdqIslands(Peephole):
    """Integer operators, by the numeric law; what has no rule stays in float."""

    name: ClassVar[str] = "qdq-islands"
    rules: ClassVar[tuple[Rule, ...]] = (
        requantize,
        convolution,
        transposed_convolution,
        fully_connected,
        product_of_activations,
        function_of_one,  # also of sums and products that have only one tensor in them
        table_of_table,
        sum_of_two,
        product_of_two,
        mean,
        average_pool,
        softmax_of_other_axis,
        softmax,
        resize,
        layer_norm,
        dequantize_after_move,
        dequantize_after_concat,
        quantize_before_concat,
        quantize_before_move,
        largest_of_integers,
    )
