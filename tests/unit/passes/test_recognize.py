"""Facts about functions that were spelled out."""

from __future__ import annotations

import pytest

from edgec.passes.recognize import Recognize
from tests.unit.passes.checking import becomes, ops, stays, transformed

CONSTANTS = """
    input %x: f32[2,3]
    const %half: f32[] = [0.5]
    const %one: f32[] = [1]
    const %two: f32[] = [2]
    const %three: f32[1] = [3]
    const %six: f32[] = [6]
    const %root2: f32[] = [1.4142135]
    const %root: f32[] = [0.70710678]
    const %a: f32[] = [0.7978845608]
    const %b: f32[] = [0.044715]
    const %c: f32[] = [1.702]
    const %sixth: f32[] = [0.16666667]
"""


def named(call: str) -> str:
    return f"input %x: f32[2,3]\n%y: f32[2,3] = {call}\noutput %y"


SPELLED = {
    "gelu of torch": """
        %d: f32[2,3] = Div(%x, %root2)
        %e: f32[2,3] = Erf(%d)
        %p: f32[2,3] = Add(%e, %one)
        %m: f32[2,3] = Mul(%x, %p)
        %y: f32[2,3] = Mul(%m, %half)
    """,
    "gelu of tensorflow": """
        %d: f32[2,3] = Mul(%root, %x)
        %e: f32[2,3] = Erf(%d)
        %p: f32[2,3] = Add(%one, %e)
        %m: f32[2,3] = Mul(%half, %x)
        %y: f32[2,3] = Mul(%p, %m)
    """,
}


@pytest.mark.parametrize("lines", SPELLED.values(), ids=SPELLED)
def test_gelu_is_found(lines: str) -> None:
    becomes(Recognize(), CONSTANTS + lines + "output %y", named("Gelu(%x)"))


CUBES = {
    "power": "%q: f32[2,3] = Pow(%x, %three)",
    "products": "%r: f32[2,3] = Mul(%x, %x)\n%q: f32[2,3] = Mul(%r, %x)",
}


@pytest.mark.parametrize("cube", CUBES.values(), ids=CUBES)
def test_the_tanh_form_of_gelu_is_found(cube: str) -> None:
    lines = f"""
        {cube}
        %s: f32[2,3] = Mul(%b, %q)
        %t: f32[2,3] = Add(%x, %s)
        %u: f32[2,3] = Mul(%t, %a)
        %v: f32[2,3] = Tanh(%u)
        %w: f32[2,3] = Add(%v, %one)
        %z: f32[2,3] = Mul(%half, %w)
        %y: f32[2,3] = Mul(%x, %z)
    """
    expected = named('Gelu(%x) {approximate="tanh"}')
    becomes(Recognize(), CONSTANTS + lines + "output %y", expected)


def test_swish_is_found_with_its_factor() -> None:
    lines = "%s: f32[2,3] = Sigmoid(%x)\n%y: f32[2,3] = Mul(%s, %x)\noutput %y"
    becomes(Recognize(), CONSTANTS + lines, named("Swish(%x)"))
    lines = "%t: f32[2,3] = Mul(%x, %two)\n" + lines.replace("Sigmoid(%x)", "Sigmoid(%t)")
    becomes(Recognize(), CONSTANTS + lines, named("Swish(%x) {alpha=2.0}"))


CLIPPED = """
    %s: f32[2,3] = Add(%x, %three)
    %t: f32[2,3] = Clip(%s) {low=0.0, high=6.0}
"""


def test_hard_swish_is_found() -> None:
    lines = CLIPPED + "%m: f32[2,3] = Mul(%x, %t)\n%y: f32[2,3] = Div(%m, %six)\noutput %y"
    becomes(Recognize(), CONSTANTS + lines, named("HardSwish(%x)"))
    lines = CLIPPED + "%m: f32[2,3] = Mul(%t, %sixth)\n%y: f32[2,3] = Mul(%m, %x)\noutput %y"
    becomes(Recognize(), CONSTANTS + lines, named("HardSwish(%x)"))


def test_hard_sigmoid_is_found() -> None:
    lines = CLIPPED + "%y: f32[2,3] = Div(%t, %six)\noutput %y"
    expected = named("HardSigmoid(%x) {alpha=0.16666666666666666}")
    becomes(Recognize(), CONSTANTS + lines, expected)


ALMOST = {
    "another offset": """
        %e: f32[2,3] = Erf(%x)
        %p: f32[2,3] = Add(%e, %two)
        %m: f32[2,3] = Mul(%x, %p)
        %y: f32[2,3] = Mul(%m, %half)
    """,
    "no factor": """
        %d: f32[2,3] = Div(%x, %root2)
        %e: f32[2,3] = Erf(%d)
        %p: f32[2,3] = Add(%e, %one)
        %y: f32[2,3] = Mul(%x, %p)
    """,
    "another gate": """
        %d: f32[2,3] = Neg(%x)
        %e: f32[2,3] = Sigmoid(%d)
        %y: f32[2,3] = Mul(%x, %e)
    """,
    "a gate that is used": """
        %e: f32[2,3] = Sigmoid(%x)
        %p: f32[2,3] = Mul(%x, %e)
        %y: f32[2,3] = Add(%p, %e)
    """,
}


@pytest.mark.parametrize("lines", ALMOST.values(), ids=ALMOST)
def test_what_is_almost_an_activation_stays(lines: str) -> None:
    stays(Recognize(), CONSTANTS + lines + "output %y")


NORM = """
    input %x: f32[2,3,4]
    const %e: f32[] = [0.001]
    const %two: f32[] = [2]
    const %s: f32[4] = [1, 2, 3, 4]
    const %t: f32[4] = [5, 6, 7, 8]
    %m: f32[2,3,1] = ReduceMean(%x) {axes=[2]}
    %c: f32[2,3,4] = Sub(%x, %m)
    %q: f32[2,3,4] = Pow(%c, %two)
    %v: f32[2,3,1] = ReduceMean(%q) {axes=[2]}
    %w: f32[2,3,1] = Add(%v, %e)
    %r: f32[2,3,1] = Sqrt(%w)
    %n: f32[2,3,4] = Div(%c, %r)
    %o: f32[2,3,4] = Mul(%n, %s)
    %y: f32[2,3,4] = Add(%o, %t)
    output %y
"""


def test_layer_normalization_is_found_with_scale_and_bias() -> None:
    after = transformed(Recognize(), NORM)
    assert ops(after) == ["LayerNormalization"]
    assert [d.tolist() for d in after.constants.values()] == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_another_exponent_is_no_variance() -> None:
    stays(Recognize(), NORM.replace("const %two: f32[] = [2]", "const %two: f32[] = [4]"))
