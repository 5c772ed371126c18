"""Random networks on small images, as text."""

from __future__ import annotations

from hypothesis import strategies as st

Step = tuple[str, int, int]

HEAD = """
input %v0: f32[1,2,4,4]
const %w: f32[2,2,3,3] = random(1)
const %c: f32[2,1,1] = random(2)
const %s: f32[] = [0.5]
const %b: bool[1,2,4,1] = random(3)
const %l: f32[4] = random(4)
const %g: f32[4,4] = random(5)
const %h: f32[2] = random(6)
const %o: f32[] = [1]
const %z: f32[1,2,1,1] = splat(0)
"""
WINDOW = "strides=[1, 1], pads=[1, 1, 1, 1], dilations=[1, 1]"
IMAGE = "shape=[1, 2, 4, 4]"
CALLS = (
    f"Conv(%X, %w) {{{WINDOW}}}",
    f"Conv(%X, %w, %h) {{{WINDOW}, high=9.0}}",
    f"ConvTranspose(%X, %w, %h) {{{WINDOW}, output_padding=[0, 0]}}",
    f"MaxPool(%X) {{kernel=[3, 3], {WINDOW}}}",
    f"AveragePool(%X) {{kernel=[3, 3], {WINDOW}}}",
    "Neg(%X)",
    "Relu(%X)",
    "Sigmoid(%X)",
    "Clip(%X) {low=-1.0, high=3.0}",
    "Add(%X, %Z)",
    "Add(%X, %z)",
    "Add(%X, %c)",
    "Mul(%X, %Z)",
    "Mul(%X, %c)",
    "Mul(%s, %X)",
    "Div(%X, %o)",
    "Sub(%c, %X)",
    "MatMul(%X, %g)",
    "Softmax(%X) {axis=1}",
    "CumSum(%X) {axis=3}",
    "Where(%b, %X, %Z)",
    "Slice(%X) {starts=[0, 1, 3, 0], steps=[1, -1, -1, 1], shape=[1, 2, 4, 4]}",
    "Max(%X, %l)",
)
# Steps through another shape: the type in between, how to get there, and how to come back.
DETOURS = (
    ("f32[1,4,4,2]", "Transpose(%X) {perm=[0, 2, 3, 1]}", "Transpose(%M) {perm=[0, 3, 1, 2]}"),
    ("f32[4,1,2,4]", "Transpose(%X) {perm=[2, 0, 1, 3]}", "Transpose(%M) {perm=[1, 2, 0, 3]}"),
    ("f32[1,2,16]", "Reshape(%X) {shape=[1, 2, 16]}", f"Reshape(%M) {{{IMAGE}}}"),
    ("f32[8,4]", "Reshape(%X) {shape=[8, 4]}", f"Reshape(%M) {{{IMAGE}}}"),
    (
        "f32[1,2,5,4]",
        "Pad(%X) {before=[0, 0, 1, 0], after=[0, 0, 0, 0]}",
        "MaxPool(%M) {kernel=[2, 1], strides=[1, 1], pads=[0, 0, 0, 0], dilations=[1, 1]}",
    ),
    ("f32[1,2,4,1]", "ReduceMax(%X) {axes=[3]}", f"Expand(%M) {{{IMAGE}}}"),
    (
        "f32[1,2,8,4]",
        "Concat(%X, %Z) {axis=2}",
        f"Slice(%M) {{starts=[0, 0, 2, 0], steps=[1, 1, 1, 1], {IMAGE}}}",
    ),
)


def _lines(k: int, step: Step) -> list[str]:
    """Value number k + 1 from two earlier ones."""
    call, x, z = step

    def bound(text: str) -> str:
        near, any_ = f"%v{max(k - x % 3, 0)}", f"%v{z % (k + 1)}"
        return text.replace("%X", near).replace("%Z", any_).replace("%M", f"%m{k}")

    for type_, there, back in DETOURS:
        if call == there:
            return [
                f"%m{k}: {type_} = {bound(there)}",
                f"%v{k + 1}: f32[1,2,4,4] = {bound(back)}",
            ]
    return [f"%v{k + 1}: f32[1,2,4,4] = {bound(call)}"]


def text_of(steps: list[Step]) -> str:
    """A network with an output in the middle and one of another shape at the end."""
    lines = [HEAD]
    for k, step in enumerate(steps):
        lines += _lines(k, step)
    lines.append(f"%y: f32[4,4,2] = Reshape(%v{len(steps)}) {{shape=[4, 4, 2]}}")
    return "\n".join([*lines, "output %y", f"output %v{(len(steps) + 1) // 2}"])


def networks() -> st.SearchStrategy[str]:
    """Networks of one to a dozen steps."""
    calls = st.sampled_from((*CALLS, *(there for _, there, _ in DETOURS)))
    numbers = st.integers(0, 9)
    return st.lists(st.tuples(calls, numbers, numbers), min_size=1, max_size=12).map(text_of)
