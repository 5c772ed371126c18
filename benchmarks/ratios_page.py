"""The page docs/performance-models.md, from measured layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.nets import NETS

KINDS = ("convolution", "1x1 convolution", "depthwise", "fully connected")
WORST = 8


@dataclass(frozen=True)
class Measured:
    """One layer. of: the model or net, or "odd" for single layers. kind: of `KINDS`, or ""."""

    of: str
    layer: str
    kind: str
    kernel: str
    macs: int
    instructions: int

    @property
    def ratio(self) -> float:
        """Instructions per MAC."""
        return self.instructions / max(self.macs, 1)


# Instructions per MAC of the best other tool: whole ad01 (fully connected), resnet8 (convolutions),
# and for depthwise layers what CMSIS-NN takes on Cortex-M4 at least, times what whole kws takes
# more or less on the other cores. On RV64GCV no other tool is measured: what was asked for.
INCUMBENT = {
    "cortex-m4": (2.28, 2.28, 7.0, 2.17),
    "cortex-m55": (0.38, 0.38, 1.7, 0.57),
    "cortex-m3": (3.3, 3.3, 10.3, 3.6),
    "cortex-m0": (7.8, 7.8, 28.0, 6.7),
    "riscv32imac": (4.4, 4.4, 14.4, 5.1),
    "riscv64gcv": (0.29, 0.29, 1.3, 0.34),
}
# Whole models of MLPerf Tiny, the best and the worst of four.
WHOLE = {
    "cortex-m4": (2.17, 3.02),
    "cortex-m55": (0.38, 0.86),
    "cortex-m3": (3.3, 4.3),
    "cortex-m0": (6.7, 11.6),
    "riscv32imac": (4.4, 6.0),
    "riscv64gcv": (0.29, 0.49),
}

HEAD = """# Other models

What layers and models beyond the four of [performance.md](performance.md) cost, in instructions per
multiply-accumulate (MAC), measured by

```
python -m benchmarks.ratios --write docs/performance-models.md
```

All counts are exact (QEMU), `balanced`, int8. They stand against what the best other tools take per
MAC for whole MLPerf Tiny models, in the row "others": TensorFlow Lite Micro with CMSIS-NN on
Cortex-M4 and M55, CMSIS-NN or muRISCV-NN called directly elsewhere; for RV64GCV, where none was
measured, what was asked for. A figure above that is **bold**.
"""
MODELS = """## Models

Whole models with all that they do besides products: tables, sums, pools, softmax, quantizing.
Models of few MACs are mostly that. MACs are counted after channels that never change are removed.
"""
NET_HEAD = """## Networks of other sizes

The layers with products of larger residual nets, lines and odd widths (`benchmarks/nets.py`), each
by the kernel that is chosen for it. "Others" are as above.
"""
ODD_HEAD = """## Odd layers

A seeded set of layers with sizes, strides, padding and channels that are no multiple of anything
({count} layers of at least 4,000 MACs): median / worst tenth, and how many are above what others
take for that kind of layer: whole ad01 per MAC for fully connected layers, whole resnet8 for
convolutions, and for depthwise ones 7 on Cortex-M4 (where CMSIS-NN takes 7 to 10) and on other
cores as much more or less as whole kws takes there.
"""
WORST_HEAD = """## Layers above the others

The worst layers of models, networks and the odd set that take more per MAC than the figure above:
mostly few channels, where each output costs more than its products.
"""


def page(results: Mapping[str, Sequence[Measured]]) -> str:
    """The whole page; the targets in the order of `results`."""
    lines = [*HEAD.splitlines(), "", *_models(results), "", *_nets(results), ""]
    lines += [*_odd(results), "", *_worst(results)]
    return "\n".join(lines) + "\n"


def _models(results: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    yield from MODELS.splitlines()
    yield ""
    names = list(
        dict.fromkeys(
            m.of for found in results.values() for m in found if m.of not in (*_nets_named(), "odd")
        )
    )
    yield from _table_head(("model", "MAC"), results)
    for name in sorted(names):
        cells = [_whole(t, [m for m in found if m.of == name]) for t, found in results.items()]
        macs = max(sum(m.macs for m in found if m.of == name) for found in results.values())
        yield f"| {name} | {_count(macs)} | {' | '.join(cells)} |"


def _nets(results: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    yield from NET_HEAD.splitlines()
    yield ""
    yield from _table_head(("network", "MAC"), results)
    for net in NETS:
        cells = [_whole(t, [m for m in found if m.of == net.name]) for t, found in results.items()]
        macs = max(sum(m.macs for m in found if m.of == net.name) for found in results.values())
        yield f"| {net.name}: {net.says} | {_count(macs)} | {' | '.join(cells)} |"


def _odd(results: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    odd = {t: [m for m in found if m.of == "odd"] for t, found in results.items()}
    count = max((len(found) for found in odd.values()), default=0)
    yield from ODD_HEAD.format(count=count).splitlines()
    yield ""
    yield f"| kind | {' | '.join(results)} |"
    yield f"| --- |{' ---: |' * len(results)}"
    for k, kind in enumerate(KINDS):
        cells = []
        for target, found in odd.items():
            ratios = np.array([m.ratio for m in found if m.kind == kind])
            bar = INCUMBENT[target][k]
            above = int((ratios > bar).sum())
            middle, high = np.quantile(ratios, (0.5, 0.9))
            cells.append(f"{middle:.2f} / {high:.2f}, {above} of {ratios.size} above {bar}")
        yield f"| {kind} | {' | '.join(cells)} |"


def _worst(results: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    yield from WORST_HEAD.splitlines()
    for target, found in results.items():
        known = dict(zip(KINDS, INCUMBENT[target], strict=True))
        above = {(m.layer, m.kernel): m for m in found if m.kind and m.ratio > known[m.kind]}
        measured = {(m.layer, m.kernel) for m in found if m.kind}
        rows = sorted(above.values(), key=lambda m: -m.instructions * (1 - known[m.kind] / m.ratio))
        yield ""
        yield f"### {target}: {len(above)} of {len(measured)} layers"
        if rows:
            yield ""
            yield "| layer | kernel | MAC | per MAC | others |"
            yield "| --- | --- | ---: | ---: | ---: |"
        for m in rows[:WORST]:
            name = m.layer if m.of in ("odd", *_nets_named()) else f"{m.of}: {m.layer}"
            cells = f"{m.kernel} | {m.macs:,} | {m.ratio:.2f} | {known[m.kind]}"
            yield f"| {name} | {cells} |"


def _table_head(first: Sequence[str], results: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    yield f"| {' | '.join((*first, *results))} |"
    yield f"| --- |{' ---: |' * (len(first) - 1 + len(results))}"
    bars = [f"{WHOLE[t][0]:g} to {WHOLE[t][1]:g}" for t in results]
    yield f"| others | {' | '.join(('',) * (len(first) - 1))} | {' | '.join(bars)} |"


def _whole(target: str, found: Sequence[Measured]) -> str:
    """Instructions per MAC of all layers together, bold if above the worst model of others."""
    macs = sum(m.macs for m in found)
    if not macs:
        return ""
    ratio = sum(m.instructions for m in found) / macs
    text = f"{ratio:.2f}"
    return f"**{text}**" if ratio > WHOLE[target][1] else text


def _count(macs: int) -> str:
    return f"{macs / 1e6:.2f} M" if macs >= 1e6 else f"{macs / 1e3:.0f} k"


def _nets_named() -> tuple[str, ...]:
    return tuple(net.name for net in NETS)
