"""Is the chosen kernel the fastest one? python -m benchmarks.regret [--target T ...]

Measures every layer of quantized models by each kernel that computes it with as little flash as
the chosen one, alone, and lists the layers for which another one takes fewer instructions.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.choice import chosen_rows, usable_rows
from benchmarks.counting import Call, count_calls
from benchmarks.layers import Layer, facts_of, layer_of
from benchmarks.nets import NETS, odd_layers
from benchmarks.shared import model_names, model_path, shapes_of
from edgec.config import GenOptions, Optimize
from edgec.driver import FLASH_SHARE, compile_model
from edgec.kernels.costs import costs_for
from edgec.kernels.facts import Facts
from edgec.kernels.registry import AnyRow, all_rows
from edgec.lower.budget import SLACK
from edgec.lower.select import Choice, RowKernels
from edgec.targets import load_target

TARGETS = ("cortex-m4", "cortex-m55", "cortex-m3", "cortex-m0", "riscv32imac")
WORDS = ("int8", "qdq", "ortq", "qop", "mcunet", "mltk", "micro", "hello")
MOST_BYTES = 400_000  # of a layer's constants, so that it fits every board


@dataclass(frozen=True)
class Case:
    """A layer of models, what was chosen for it, and what else computes it."""

    layer: Layer
    chosen: str
    others: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A case and the instructions of each of its kernels."""

    case: Case
    counts: Mapping[str, int]

    @property
    def best(self) -> str:
        return min(self.counts, key=lambda name: self.counts[name])

    @property
    def regret(self) -> float:
        """How much more the chosen kernel takes than the best one, as a part of that."""
        return self.counts[self.case.chosen] / max(self.counts[self.best], 1) - 1.0


def quantized_models() -> tuple[str, ...]:
    """Shared models with int8 layers."""
    names = (n for n in model_names() if any(word in n for word in WORDS))
    return tuple(n for n in names if "fp32" not in n and "float" not in n)


def cases(target: str, models: Sequence[str]) -> Iterator[Case]:
    """Distinct layers of models for which there is a choice."""
    features = load_target(target).features
    seen: dict[tuple[str, str], Case] = {}
    for model in models:
        options = GenOptions(target=target, shapes=shapes_of(model))
        graph = compile_model(model_path(model), options, lambda _: None).graph
        rows = RowKernels(graph, features, FLASH_SHARE[Optimize.BALANCED])
        for chosen, found in rows.choices:
            layer = layer_of(chosen.facts)
            others = _others(chosen, found)
            if layer is None or not others:
                continue
            key = (str(layer), chosen.row.name)
            before = seen[key].models if key in seen else ()
            seen[key] = Case(layer, chosen.row.name, others, (*before, model))
    yield from seen.values()


def layer_cases(target: str) -> Iterator[Case]:
    """The layers of `benchmarks.nets`, each network chosen for as a model."""
    features = load_target(target).features
    groups = {net.name: net.layers for net in NETS} | {"odd": odd_layers()}
    seen: dict[tuple[Layer, str], Case] = {}
    for name, found in groups.items():
        for layer, row in zip(found, chosen_rows(found, features), strict=True):
            usable = usable_rows(layer, features)
            size = next(u.candidate.bytes for u in usable if u.row is row)
            limit = SLACK * size + 64
            small = [u.row.name for u in usable if u.candidate.bytes <= limit and u.row is not row]
            before = seen.get((layer, row.name))
            nets = (*(before.models if before else ()), name)
            if small:
                seen[layer, row.name] = Case(layer, row.name, tuple(small), nets)
    yield from seen.values()


def _others(chosen: Choice, found: Sequence[Choice]) -> tuple[str, ...]:
    """Kernels whose constants are no larger, beside the chosen one."""
    costs = costs_for(frozenset())
    limit = SLACK * chosen.candidate(costs).bytes + 64
    if limit > MOST_BYTES:
        return ()
    return tuple(
        other.row.name
        for other in found
        if other.row is not chosen.row and other.candidate(costs).bytes <= limit
    )


def _applies(row: AnyRow, facts: Facts, features: frozenset[str]) -> bool:
    return row.applies(facts, features)  # type: ignore[arg-type]


def measure(target: str, every: Sequence[Case], rows: Mapping[str, AnyRow]) -> list[Found]:
    """All cases with the instructions of their kernels."""
    features = load_target(target).features
    calls: list[Call] = []
    for case in every:
        facts = facts_of(case.layer)
        usable = [rows[name] for name in (case.chosen, *case.others)]
        calls += [Call(row, case.layer) for row in usable if _applies(row, facts, features)]
    counts = dict(zip(calls, count_calls(target, calls), strict=True))
    found = []
    for case in every:
        own = {c.row.name: n for c, n in counts.items() if c.layer == case.layer}
        if case.chosen in own:
            known = {case.chosen, *case.others}
            found.append(Found(case, {k: v for k, v in own.items() if k in known}))
    return found


def show(target: str, found: Sequence[Found], worst: int) -> None:
    """How often and by how much the choice was wrong, and the layers where it was."""
    wrong = sorted((f for f in found if f.regret > 0), key=lambda f: -f.regret)
    spent = sum(f.counts[f.case.chosen] for f in found)
    best = sum(f.counts[f.best] for f in found)
    print(
        f"{target}: {len(found)} layers with a choice, {len(wrong)} where another kernel is "
        f"faster, {sum(f.regret > 0.05 for f in wrong)} by more than 5 %; "
        f"all together {100 * (spent / max(best, 1) - 1):.2f} %"
    )
    for f in wrong[:worst]:
        print(
            f"  {100 * f.regret:5.1f} % {f.case.chosen} {f.counts[f.case.chosen]}, "
            f"{f.best} {f.counts[f.best]}: {f.case.layer} ({', '.join(sorted(set(f.case.models)))})"
        )


def main() -> int:
    """Print the regret on each target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", nargs="+", default=list(TARGETS), metavar="T")
    parser.add_argument("--model", nargs="+", default=[], metavar="M")
    parser.add_argument("--nets", action="store_true", help="layers of benchmarks.nets instead")
    parser.add_argument("--worst", type=int, default=12, metavar="N", help="layers to list")
    options = parser.parse_args()
    rows, models = {row.name: row for row in all_rows()}, options.model or quantized_models()
    for target in options.target:
        every = layer_cases(target) if options.nets else cases(target, models)
        show(target, measure(target, list(every), rows), options.worst)
    return 0


if __name__ == "__main__":
    sys.exit(main())
