"""The C of models that take rows: what is called when, and what the next input keeps."""

from __future__ import annotations

from dataclasses import replace

from edgec.emit.places import places
from edgec.emit.source import source
from edgec.ir.graph import Graph
from edgec.lower.cuts import lives
from edgec.lower.frames import frame_drafts
from edgec.lower.lowering import number_steps
from edgec.lower.program import Program
from edgec.plan.planner import plan_program
from tests.support.nets import built, image_net, lowered, time_net


def c_of(program: Program) -> str:
    planned, plan = plan_program(replace(program, name="model"), align=16)
    planned = number_steps(planned)
    return source(planned, places(plan)).text


def overlapping(graph: Graph, hop: int, granule: int) -> str:
    program = lowered(graph, push=True)
    drafts = frame_drafts(program, hop, lives(program))
    return c_of(built(program, next(d for d in drafts if d.granule == granule)))


def function(c: str, head: str) -> str:
    start = c.index(head)
    return c[start : c.index("\n}\n", start)]


def test_an_input_that_is_collected_is_computed_behind_its_last_row() -> None:
    push = function(c_of(lowered(image_net(3), push=True)), "int model_push_row(")
    taken, ready = push.index("model_l00_input("), push.index("return EDGEC_READY;")
    assert taken < push.index("if (row_end < 17) {") < push.index("model_l01_") < ready
    assert push.index("model_reset(arena);") < ready


def test_a_row_is_refused_where_nothing_has_been_reset() -> None:
    c = c_of(lowered(image_net(3), push=True))
    assert "row_begin < 0 || row_begin >= 17" in c and "return EDGEC_ERROR_STATE;" in c


def test_turns_come_when_their_rows_are_there() -> None:
    push = function(overlapping(time_net(1, height=36), 4, 2), "int model_push_row(")
    assert "if (row_end % 2 == 0) {" in push
    assert push.count("model_turn(base, now);") == 2


def test_the_first_new_row_moves_on_to_the_next_input() -> None:
    c = overlapping(time_net(1, height=36), 4, 1)
    push = function(c, "int model_push_row(")
    assert "if (now->made[0] == 36) {" in push and "model_reset" not in push
    move_on = function(c, "static void model_next(")
    assert "now->made[k] = (int16_t)(now->made[k] - made_ahead[k]);" in move_on


def test_there_is_no_function_that_takes_a_whole_input() -> None:
    assert "model_run" not in c_of(lowered(image_net(3), push=True))
