"""Facts about common subexpressions."""

from __future__ import annotations

from edgec.passes.cse import ShareCommon
from tests.unit.passes.checking import becomes, stays

SHARED = """
    input %x: f32[2]
    const %c: f32[2] = [1, 2]
    %a: f32[2] = Add(%x, %c)
    %r: f32[2] = Relu(%a)
    %y: f32[2] = Mul(%r, %r)
    output %y
"""


def test_the_same_computation_of_equal_constants_is_done_once() -> None:
    text = """
        input %x: f32[2]
        const %c: f32[2] = [1, 2]
        const %d: f32[2] = [1, 2]
        %a: f32[2] = Add(%x, %c)
        %b: f32[2] = Add(%x, %d)
        %r: f32[2] = Relu(%a)
        %s: f32[2] = Relu(%b)
        %y: f32[2] = Mul(%r, %s)
        output %y
    """
    becomes(ShareCommon(), text, SHARED)


def test_different_computations_stay() -> None:
    stays(ShareCommon(), SHARED)


def test_attributes_tell_operators_apart() -> None:
    stays(
        ShareCommon(),
        """
        input %x: f32[2]
        %a: f32[2] = LeakyRelu(%x) {alpha=0.1}
        %b: f32[2] = LeakyRelu(%x) {alpha=0.2}
        %y: f32[2] = Mul(%a, %b)
        output %y
        """,
    )


def test_constants_of_another_type_or_sign_of_zero_stay() -> None:
    stays(
        ShareCommon(),
        """
        input %x: f32[1]
        const %c: f32[1] = [0.0]
        const %d: f32[1] = [-0.0]
        const %e: f32[1,1] = [0.0]
        %a: f32[1] = Div(%x, %c)
        %b: f32[1] = Div(%x, %d)
        %f: f32[1] = Max(%a, %b)
        %y: f32[1,1] = Add(%f, %e)
        output %y
        """,
    )


def test_two_outputs_stay_two() -> None:
    stays(
        ShareCommon(),
        """
        input %x: f32[2]
        %y: f32[2] = Neg(%x)
        %z: f32[2] = Neg(%x)
        output %y
        output %z
        """,
    )
