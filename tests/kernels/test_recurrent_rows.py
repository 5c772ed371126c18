"""Every row of recurrent layers computes what the reference says, on every kind of core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import RecurrentFacts
from edgec.kernels.registry import RECURRENT_ROWS
from edgec.lower.recurrent import recurrent_facts
from edgec.ops.base import Sample
from tests.kernels.harness import Case, check, run_source
from tests.kernels.targets import each_on_targets
from tests.support.batch import case_of
from tests.support.recurrent import uses

TOLERANCE = 3e-6


def recurrent_case(row: Kernel[RecurrentFacts], sample: Sample) -> Case:
    """A call whose results follow each other in y."""
    made = case_of(sample)
    (node,) = made.graph.nodes
    facts = recurrent_facts(node, made.graph.constants)
    assert facts is not None
    results = [np.asarray(a, np.float32) for a in run(made.graph, made.inputs).values()]
    starts = np.cumsum([0, *(a.size for a in results)])
    others = [np.asarray(sample.inputs[k]) for k in facts.given]
    packed = [c.data for c in row.pack(facts)]
    names = CallNames(
        "x", "y", "scratch", tuple(f"k{k}" for k in range(len(packed))),
        others=tuple(f"k{len(packed) + k}" for k in range(len(others))),
        results=tuple(f"y + {start}" for start in starts[:-1]),
    )  # fmt: skip
    label = f"{facts.kind} {facts.steps}x{facts.batch}x{facts.size} hidden {facts.hidden}"
    want = np.concatenate([a.reshape(-1) for a in results])
    constants = (*packed, *others)
    text, scratch = row.emit(facts, names), row.scratch(facts)
    return Case(label, row, text, made.inputs[0], constants, scratch, want, TOLERANCE)


@each_on_targets(RECURRENT_ROWS)
def test_layers_give_what_the_reference_says(
    row: Kernel[RecurrentFacts], target: str, tmp_path: Path
) -> None:
    check(target, [recurrent_case(row, sample) for sample in uses()], tmp_path)


ACCURACY = """
#include <math.h>
#include "HEADER"

static float line[4096];
static float logistic[4096];
static float tangent[4096];

static int wrong(double y, double want, double ulps)
{
    int exponent;
    if (want != want) {
        return !(y != y);
    }
    (void)frexp(want, &exponent);
    return !(fabs(y - want) <= ulps * ldexp(1.0, exponent - 24) + 1e-37);
}

int main(void)
{
    for (int i = 0; i < 4096; i++) {
        const float size = 100.0f * (float)(int32_t)(((uint32_t)i * 2654435761u) >> 9) / 8388608.0f;
        const float kinds[4] = {size, size / 16.0f, size / 256.0f, size / 1e7f};
        line[i] = (i & 16) != 0 ? kinds[i & 3] : -kinds[i & 3];
    }
    line[7] = 0.0f;
    line[9] = (float)INFINITY;
    line[11] = -(float)INFINITY;
    line[13] = (float)NAN;
    LOGISTIC
    TANGENT
    for (int i = 0; i < 4096; i++) {
        if (wrong(logistic[i], 1.0 / (1.0 + exp(-(double)line[i])), 2.0)) {
            return 1;
        }
        if (wrong(tangent[i], tanh((double)line[i]), 3.0)) {
            return 2;
        }
    }
    return 0;
}
"""

ONE_BY_ONE = "for (int i = 0; i < 4096; i++) { TO[i] = edgec_NAME_f32(line[i]); }"
BY_EIGHT = """for (int i = 0; i < 4096; i += 8) {
        _mm256_storeu_ps(TO + i, edgec_NAME_f32__avx2(_mm256_loadu_ps(line + i)));
    }"""
WHOLE = "edgec_NAMEs_f32__mve(line, TO, 4096);"


@pytest.mark.parametrize(
    ("isa", "target", "call"),
    [
        ("c", "x86_64", ONE_BY_ONE),
        ("avx2", "x86_64-v3", BY_EIGHT),
        pytest.param("c", "cortex-m4", ONE_BY_ONE, marks=pytest.mark.qemu),
        pytest.param("mve", "cortex-m55", WHOLE, marks=pytest.mark.qemu),
    ],
    ids=lambda value: value if len(value) < 12 else "",
)
def test_activations_are_accurate_to_a_few_units_in_the_last_place(
    isa: str, target: str, call: str, tmp_path: Path
) -> None:
    text = ACCURACY.replace(
        "HEADER", "edgec/exp.h" if isa == "c" else f"elementwise/exp_f32__{isa}.h"
    )
    text = text.replace("LOGISTIC", call.replace("NAME", "logistic").replace("TO", "logistic"))
    text = text.replace("TANGENT", call.replace("NAME", "tanh").replace("TO", "tangent"))
    assert run_source(target, text, tmp_path) == 0
