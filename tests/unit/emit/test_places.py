"""Addresses as C text, and the function that makes the parts of an arena known."""

from __future__ import annotations

from edgec.emit.places import Places, bind_text, found_parts, used_names
from tests.unit.plan.programs import buffer

PARTS = Places({"a": 16, "b": 96, "c": 200}, 16, (0, 80, 160))


def test_an_address_is_within_its_part() -> None:
    text = [PARTS.at(buffer(name, 4)) for name in "abc"]
    assert text == ["base + 16u", "part_1 + 16u", "part_2 + 40u"]


def test_an_arena_of_one_part_needs_no_more() -> None:
    whole = Places({"a": 16}, 16)
    assert whole.at(buffer("a", 4)) == "base + 16u"
    assert bind_text("net", whole) == found_parts("net", whole) == []


def test_parts_are_stored_at_the_begin_of_the_arena() -> None:
    text = "\n".join(bind_text("net", PARTS))
    assert "int net_bind(void *arena, void *part_1, void *part_2)" in text
    assert "memcpy(base + 8u, &part_2, sizeof part_2);" in text
    assert "(uintptr_t)part_2 % 16u != 0u" in text


def test_a_run_refuses_parts_that_are_not_bound() -> None:
    text = "\n".join(found_parts("net", PARTS))
    assert "uint8_t *const part_2 = net_part(base, 1u);" in text
    assert "if (part_1 == NULL ||" in text and "return EDGEC_ERROR_ARENA;" in text


def test_only_parts_that_are_used_are_handed_on() -> None:
    assert used_names("f(part_2 + 4u, base + 8u, part_2 + 8u, database)") == ("base", "part_2")
