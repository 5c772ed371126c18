"""The words of docs/memory.md; `benchmarks.memory` puts the tables between them."""

HEAD = """# Memory

How much RAM a model needs, how to make it less, and what that costs. The figures are measured by

```
python -m benchmarks.memory --write docs/memory.md
```

- [Streams](#streams)
- [Choose](#choose)
- [Measured](#measured)
- [Other models](#other-models)
- [Boards](#boards)
- [Every board](#every-board)
- [How plans are checked](#how-plans-are-checked)

[memory-placement.md](memory-placement.md) tells how buffers get their places in the arena,
[memory-regions.md](memory-regions.md) how the arena is split over several memories, and
[patches.md](patches.md) what is done where even a few rows are too much.

## Streams

Layer by layer, a model needs room for the largest operand and result of one layer at the same time.
But a 3x3 convolution reads only three rows of its operand to make a row. So edgec runs consecutive
steps by turns on a few rows: each makes what the rows so far allow, and only the rows that somebody
still needs are in memory. Nothing is computed twice, and every output has the same bits as without.

- What goes along rows can be in a stream: convolutions, depthwise and pooling, elementwise
  operators, padding, resizing, and their fusions. Branches that join again (residual blocks) may be
  inside. 1-d models, whose rows are times, stream in the same way.
- A mean over all rows at the end of a stream is summed up as they come.
- Rows that are kept for the next turn move to the front of their window, or wait elsewhere while
  the window is used by others. Results may be written over rows that are consumed.
- Where streams begin and end, and how many rows a turn takes, is chosen so that the arena is as
  small as the instructions that may be spent allow.

Streams cost instructions: calls, moved rows, and kernels that are faster on whole tensors. In the
generated C a stream is one function, `NAME_stream_0` and so on, with a loop over the turns; the
steps that it calls take the range of rows to make.

The plan of a keyword spotting model with one stream of ten steps (the bar at the bottom), made by
`edgec gen --plan-svg FILE.svg`. Windows of rows (red) have their place while a turn fills and reads
them, and what is kept for the next turn has a place of its own:

![Addresses of all tensors over the steps of a keyword spotting model](memory-plan.svg)

## Choose

| option | schedule |
| --- | --- |
| none | every saving that costs at most about 2 % more instructions |
| `--optimize size` | at most about 5 % more |
| `--optimize speed` | no streams |
| `--ram BYTES` | the cheapest schedule that fits, whatever it costs |
| `--board NAME` | if the default does not fit the board's memory: the cheapest that does |
| `--stream-input` | rows are [pushed](streaming-input.md) one by one; at most about 20 % more |

The percentages are of estimated instructions, and of the kernels that are chosen when memory is
short. `--ram` is for arena and stack together: edgec compiles the schedule, asks the compiler for
the bound of its stack, and looks again until the arena has all that the stack leaves. (Without the
target's compiler, or with `--no-compile`, 512 bytes are kept for the stack, as they are of a
board's memory.) `gen`, `check` and `report` say what the budget costs, here 6 KB for the keyword
spotting model:

```text
--ram  +8.2 % instructions (estimated), +1,220 B of flash against no budget: arena 9,792 B,
       stack at most 212 B
```

    edgec check model.onnx --board microbit --sweep --plot sweep.svg

lists the schedules that are worth choosing, from the smallest arena to the fewest instructions,
with the flash and the bound of the stack that the compiler tells for each (`--json` for programs),
and draws them:

![RAM and instructions of a keyword spotting model on Cortex-M4](memory-sweep.svg)

## Measured

int8 models on Cortex-M4, bytes and instructions of one inference of `NAME_run` under QEMU: the
arena, the stack that a painted run used, and their sum in front of the bar that it was asked to
stay below. *fast* is the program without streams with all kernels that its arena has room for,
*frugal* the one with the kernels that streams are made of, which count on no free memory. The last
row of a model is what TensorFlow Lite Micro needs, measured in the same way.
"""
AFTER_ASKED = """The rows with `--ram` are the smallest schedules of a sweep that take at most 10 %
more instructions when they are measured. The bars were asked for at no more than 2 % (default) and
10 % more instructions.

What is not as it should be:

- **resnet8** has kernels (Winograd's) that save a third of the instructions where they have much
  working memory, and no schedule in between: they would transform their weights anew for every turn
  of a stream. The default is small and slow here, at +1.2 % of *frugal* but far more than 2 % above
  *fast*. `--ram 50K` or `--optimize speed` get the fast one.
- The percentages that `--optimize` allows are of estimates; measured, `--optimize size` takes more
  for kws, as it also compiles for size.
"""
MORE = """## Other models

The arena without streams and with them, for Cortex-M4, in bytes. Stack and instructions are
measured where the model fits the emulated board; instructions are compared with those without
streams. The least arena is what any `--ram` can reach, with the instructions that are estimated
for it against the fastest schedule. The last column is for [pushed rows](streaming-input.md), which
may cost 20 % more instructions.

At its peak torch_unet_digits holds a skip connection beside what is upsampled, so rows do not help.
The inputs of face_detection_short_range (196,608 bytes) and of the keyword spotting model heygecko
(26,784) are most of what they need: `--stream-input` is for such models.
Where instructions grow by more than 2 %, the estimate was too low.
"""
BOARD_TABLE = """## Boards

Models on boards with little memory, with their true memory maps under QEMU, console and stack
included: the arena that `--board` gives, the bound of the stack, and what one inference gave.
"""
CHECKED = """## How plans are checked

- `edgec/plan/check.py` runs every plan on an abstract memory whose bytes remember who wrote them.
- `edgec/plan/check_stream.py` does so for every turn of every stream, row by row, as the generated
  C runs it: each row must be found where a step looks for it, and none may be written over before
  its last reader is done. It shares no code with what makes the streams.
- Tests seed faults (a row too few, an offset off by a row, a forgotten conflict, a wrong
  lifetime) and expect the checkers to find them: `tests/unit/plan/test_check_stream.py`,
  `tests/unit/plan/test_plan.py`.
- `edgec verify` runs the machine code and compares every output, bit by bit, with the reference,
  which knows nothing of streams; if one differs, it names the first step and element that does.
"""
