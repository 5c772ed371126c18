"""RNN, GRU and LSTM against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.rnn import GRU, LSTM, RNN
from tests.unit.ops.single_node import Attribute, SingleNode, check_close

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
STEPS, BATCH, SIZE, HIDDEN = 5, 3, 4, 6


def _operands(
    op: str, directions: int, lens: list[int] | None, full: bool
) -> tuple[np.ndarray | None, ...]:
    rng = np.random.default_rng(1)

    def draw(*shape: int) -> np.ndarray:
        return rng.uniform(-1, 1, shape).astype(np.float32)

    rows = GATES[op] * HIDDEN
    x = draw(STEPS, BATCH, SIZE)
    data: tuple[np.ndarray | None, ...]
    data = (x, draw(directions, rows, SIZE), draw(directions, rows, HIDDEN))
    if not full:
        return data
    state = draw(directions, BATCH, HIDDEN)
    length = None if lens is None else np.array(lens, np.int32)
    data = (*data, draw(directions, 2 * rows), length, state)
    return (*data, draw(directions, BATCH, HIDDEN)) if op == "LSTM" else data


def _check(
    op: str,
    attributes: dict[str, Attribute],
    lens: list[int] | None = None,
    full: bool = True,
    extra: tuple[np.ndarray, ...] = (),
) -> None:
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    data = _operands(op, directions, lens, full) + extra
    outputs = ("y", "h", "c")[: 3 if op == "LSTM" else 2]
    constants = (1, 2, 3) if full else (1, 2)
    attributes = {"hidden_size": HIDDEN, **attributes}
    check_close(SingleNode(op, data, attributes, 14, outputs=outputs, constants=constants))


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("lens", [None, [5, 2, 3]])
def test_directions_and_lengths_agree(op: str, direction: str, lens: list[int] | None) -> None:
    _check(op, {"direction": direction}, lens)


@pytest.mark.parametrize("op", GATES)
def test_only_the_required_operands_agree(op: str) -> None:
    _check(op, {}, full=False)


@pytest.mark.parametrize("op", GATES)
def test_clip_agrees(op: str) -> None:
    _check(op, {"clip": 0.25})


def test_gru_that_resets_after_agrees() -> None:
    _check("GRU", {"linear_before_reset": 1, "direction": "bidirectional"}, [4, 5, 1])
    _check("GRU", {"linear_before_reset": 1, "clip": 0.3})


def test_lstm_with_peepholes_agrees() -> None:
    rng = np.random.default_rng(2)
    peep = rng.uniform(-1, 1, (2, 3 * HIDDEN)).astype(np.float32)
    _check("LSTM", {"direction": "bidirectional"}, extra=(peep,))


def test_lstm_with_coupled_gates_agrees() -> None:
    _check("LSTM", {"input_forget": 1})


@pytest.mark.parametrize(
    "names",
    [
        ["Relu"],
        ["LeakyRelu"],
        ["HardSigmoid"],
        ["Softsign"],
        ["Softplus"],
        ["ScaledTanh"],
        ["Affine"],
        ["Elu"],
        ["ThresholdedRelu"],
        ["Sigmoid"],
    ],
)
def test_activations_agree(names: list[str]) -> None:
    _check("RNN", {"activations": names, "activation_alpha": [0.4], "activation_beta": [0.6]})


def test_parameters_go_to_the_activations_that_have_them() -> None:
    attributes: dict[str, Attribute] = {
        "activations": ["HardSigmoid", "Tanh", "LeakyRelu"],
        "activation_alpha": [0.3, 0.7],
        "activation_beta": [0.4],
    }
    graph = SingleNode("LSTM", _operands("LSTM", 1, None, True), attributes).graph()
    op = graph.nodes[0].op
    assert isinstance(op, LSTM)
    assert op.alphas == (0.3, 0.0, 0.7)
    assert op.betas == (0.4, 0.0, 0.0)


@pytest.mark.parametrize("op", GATES)
def test_batch_first_gives_the_transposed_result(op: str) -> None:
    data = list(_operands(op, 2, [5, 2, 3], True))
    attributes: dict[str, Attribute] = {"hidden_size": HIDDEN, "direction": "bidirectional"}
    outputs = ("y", "h", "c")[: 3 if op == "LSTM" else 2]
    y, *states = SingleNode(op, tuple(data), attributes, 14, outputs=outputs).run()
    for k in (0, *range(5, len(data))):
        data[k] = np.swapaxes(np.asarray(data[k]), 0, 1)
    turned = SingleNode(op, tuple(data), {**attributes, "layout": 1}, 14, outputs=outputs)
    other, *others = turned.run()
    np.testing.assert_array_equal(other, y.transpose(2, 0, 1, 3))
    for a, b in zip(states, others, strict=True):
        np.testing.assert_array_equal(np.swapaxes(a, 0, 1), b)


def test_the_sequence_is_not_made_if_nobody_reads_it() -> None:
    case = SingleNode(
        "LSTM", _operands("LSTM", 1, None, True), {"hidden_size": HIDDEN}, 14, outputs=("", "h", "")
    )
    (node,) = case.graph().nodes
    assert isinstance(node.op, LSTM)
    assert not node.op.sequence
    check_close(case)


def test_a_broken_rule_is_named() -> None:
    f = DType.F32
    x, w, r = (TensorType(f, s) for s in ((5, 1, 4), (1, 6, 4), (1, 6, 6)))
    good = RNN(6, "forward", ("tanh",), (0.0,), (0.0,))
    assert len(good.infer(x, w, r)) == 2
    cases = (
        (RNN(7, "forward", ("tanh",), (0.0,), (0.0,)), x, "E0231"),
        (RNN(6, "up", ("tanh",), (0.0,), (0.0,)), x, "E0246"),
        (RNN(6, "forward", (), (), ()), x, "E0247"),
        (good, TensorType(f, (5, 4)), "E0245"),
    )
    for op, operand, code in cases:
        with pytest.raises(EdgecError) as caught:
            op.infer(operand, w, r)
        assert caught.value.diagnostics[0].code == code


def test_an_unknown_activation_is_named() -> None:
    with pytest.raises(EdgecError) as caught:
        SingleNode("GRU", _operands("GRU", 1, None, False), {"activations": ["A", "B"]}).graph()
    assert caught.value.diagnostics[0].code == "E0247"
    assert GRU.defaults == ("Sigmoid", "Tanh")
