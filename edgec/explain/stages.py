"""E03xx to E05xx: quantization, lowering and the memory plan."""

from __future__ import annotations

from edgec.explain.entry import Explanation

STAGES = {
    "E0301": Explanation(
        "An accumulator could overflow",
        "Sums of products are kept in 32 bits. edgec proves from the actual weights that "
        "none can overflow; for this channel it cannot.",
        "Quantize the layer per channel, or split its reduction; weights of that size in one "
        "channel often mean a broken calibration.",
    ),
    "E0302": Explanation(
        "A requantization factor is not usable",
        "Scales are positive and finite, and so must be the product of input and weight "
        "scale divided by the output scale.",
        "Calibrate the model again: an output that never varied gives a scale of zero.",
    ),
    "E0305": Explanation(
        "Scales do not fit the tensor",
        "There is one scale and zero point for the tensor, or one for each index of one axis.",
        "Quantize the model again, per tensor or per channel.",
    ),
    "E0306": Explanation(
        "A quantized element type is not supported",
        "Quantized tensors are int8, uint8, int16 or uint16.",
        "Quantize to int8: in onnxruntime, activation_type=QuantType.QInt8.",
    ),
    "E0310": Explanation(
        "No common scaling serves all channels",
        "The accumulators of the channels differ too much in size for the one shift that "
        "they share.",
        "Quantize the weights per channel.",
    ),
    "E0311": Explanation(
        "The scales of a sum differ too much",
        "The inputs of a quantized Add are brought to a common scale in 32 bits.",
        "Calibrate the model again; an output range far below its inputs is usually a mistake.",
    ),
    "E0312": Explanation(
        "A quantized Softmax is out of range",
        "Length and output scale are bounded so that the integer sum is exact.",
        "Leave the Softmax in float, or out of the model: the largest score wins with and "
        "without it.",
    ),
    "E0410": Explanation(
        "The output folder cannot be written",
        "The folder holds files that edgec did not write, or the system refuses; nothing was "
        "changed.",
        "Choose another folder with -o, or empty this one.",
    ),
    "E0421": Explanation(
        "The rows of the input cannot be pushed",
        "With --stream-input a model takes its input row by row, so it must have one input, "
        "with at least one element.",
        "Leave --stream-input out, or make the other inputs constants of the model.",
    ),
    "E0422": Explanation(
        "The hop is longer than the input",
        "With --hop N the next input begins N rows behind the one before; if N is more than the "
        "rows of an input, rows between two inputs would belong to none.",
        "Choose a hop of at most the rows of the input; without --hop inputs follow each other.",
    ),
    "E0501": Explanation(
        "The model does not fit the budget",
        "Arena and stack are larger than --ram allows, or weights and code than --flash, so "
        "nothing was written; without the target's compiler, arena and weights count alone. "
        "`edgec check` shows the layer at the peak.",
        "give a larger --ram or --flash, or a smaller model",
    ),
    "E0510": Explanation(
        "The placement problem cannot be read",
        "`edgec plan` reads a text file of comma-separated values; this one does not exist, is "
        "not accessible or is not text.",
        "Check the path. Example: edgec plan buffers.csv -o placed.csv --capacity 1M",
    ),
    "E0511": Explanation(
        "The file is not a placement problem",
        "A header names the columns, in any order: id, lower (first time), upper (time after the "
        "last), size in bytes, and maybe alignment (a power of two). A line per buffer follows, "
        "with whole numbers. Other columns are kept; gaps in a lifetime are not supported.",
        "Mend the line that is named. A valid file:\n\n"
        "    id,lower,upper,size,alignment\n    b1,0,3,4096,16\n    b2,3,9,1024,4",
    ),
    "E0512": Explanation(
        "The placement cannot be written",
        "The system refuses to write the file given with -o.",
        "Name another file, in a folder that exists: -o placed.csv",
    ),
    "E0520": Explanation(
        "A rule of --place cannot be followed",
        "A rule says which memory of a board holds the arena, or its parts, or the weights. This "
        "one names a memory that the board does not have, or that cannot serve, or is not "
        "written as a rule; or no board is given, or a board with one memory.",
        "`edgec boards --json` lists the memories. Examples, with --board mps3-an547:\n\n"
        "    --place arena=DTCM\n    --place arena=DTCM:16K,RAM\n    --place weights=DTCM\n"
        "    --place auto",
    ),
    "E0521": Explanation(
        "Arena or weights do not fit the memories of --place",
        "All inputs and outputs have to be in one of the memories that are named, and each other "
        "buffer as a whole in one of them; weights that are copied need room beside the arena.",
        "Name one more memory, a larger one, or a higher limit: --place arena=DTCM:32K,RAM",
    ),
    "E0590": Explanation(
        "The memory plan is wrong",
        "The independent checker found two live buffers at the same place. No code was "
        "written. This is a bug.",
        "Please report it with the model.",
    ),
    "E0591": Explanation(
        "The lowered program is inconsistent",
        "Buffers have equal names or lie outside their parents. This is a bug.",
        "Please report it with the model.",
    ),
    "E0592": Explanation(
        "An impossible alignment",
        "The arena's alignment must be a power of two. This is a bug.",
        "Please report it with the model.",
    ),
    "E0593": Explanation(
        "The plan of a shared arena is wrong",
        "A check that does not trust the planner found that a model would change what another one "
        "keeps between runs.",
        "This is a bug in edgec. Report it with the models; without --share-arena each has an "
        "arena of its own.",
    ),
}
