"""E01xx: reading the model file."""

from __future__ import annotations

from edgec.explain.entry import Explanation

MODEL = {
    "E0101": Explanation(
        "The model file cannot be read",
        "There is no such file, it is empty, or it is a folder.",
        "Check the path. Example: edgec gen models/kws.onnx --target cortex-m4",
    ),
    "E0102": Explanation(
        "The file is not an ONNX model",
        "The content is damaged, was cut off, or belongs to another framework.",
        "Export to ONNX from the training framework (torch.onnx.export, tf2onnx), and "
        "compare the size of the file with its origin.",
    ),
    "E0103": Explanation(
        "The version of the model is not supported",
        "Operators change their meaning between opsets; edgec reads opset 7 up to the newest "
        "that the installed onnx package knows.",
        "Export with another opset_version, or update the onnx package.",
    ),
    "E0104": Explanation(
        "External data is missing, damaged or outside the model's folder",
        "Large models keep their weights in files beside them. A file elsewhere is not "
        "opened: a model must not be able to read other files of the machine.",
        "Copy the data files into the folder of the model, under the names that the model gives.",
    ),
    "E0105": Explanation(
        "The shape of an input is not known",
        "Everything is decided at compile time, so every dimension needs a size. Only a "
        "leading batch dimension defaults to 1.",
        "Bind it: edgec gen model.onnx --target cortex-m4 --shape input=1,3,96,96",
    ),
    "E0106": Explanation(
        "The type of a value is not supported",
        "Values are dense tensors of numbers: floats, integers of 8 to 64 bits and booleans. "
        "Strings, sequences, maps and complex numbers have no counterpart.",
        "Cut the pre- or post-processing that uses them out of the model and do it in the "
        "application.",
    ),
    "E0107": Explanation(
        "A shape or the data of a tensor is not possible",
        "A dimension is negative or huge, or the data has another number of elements than "
        "the shape says.",
        "The file is damaged or was edited by hand: export it again.",
    ),
    "E0108": Explanation(
        "A node has an attribute twice",
        "It is not clear which of the two values counts.",
        "The file is damaged or was edited by hand: export it again.",
    ),
    "E0109": Explanation(
        "--shape names no input of the model",
        "Only inputs can be given a shape.",
        "Use one of the names that the message lists.",
    ),
    "E0110": Explanation(
        "The graph has a cycle",
        "A node needs its own result, directly or through others, so nothing can be computed "
        "first.",
        "The file is damaged or was edited by hand: export it again.",
    ),
    "E0111": Explanation(
        "A tensor is used but never defined",
        "A node reads a name that is no input, no initializer and no result of another node.",
        "The file is damaged or was cut by hand: export it again, or cut it with "
        "onnx.utils.extract_model.",
    ),
    "E0112": Explanation(
        "A tensor is defined twice",
        "Each tensor of a graph has exactly one origin.",
        "The file is damaged or was edited by hand: export it again.",
    ),
    "E0113": Explanation(
        "The model is too deeply nested or too large",
        "Functions are inlined; they must not call themselves, and the number of nodes is bounded.",
        "Export the model without recursive functions.",
    ),
    "E0114": Explanation(
        "The model has no outputs",
        "Without an output there is nothing to compute.",
        "Name at least one output when exporting.",
    ),
    "E0115": Explanation(
        "The text of a graph is not understood",
        "The text form of the IR, as --dump-ir writes it, has a strict grammar; the message "
        "names the line.",
        "Compare the line with a file that --dump-ir wrote; docs/architecture.md describes "
        "the form.",
    ),
    "E0120": Explanation(
        "A state names something that the model does not have",
        "--state INPUT=OUTPUT takes names of the model, each for one state.",
        "Choose from the names in the message; with --share-arena one of the models must have "
        "both.",
    ),
    "E0121": Explanation(
        "An input cannot take over an output",
        "What a model keeps from run to run stays in the arena as it is, so input and output need "
        "the same type, shape, scale and zero point.",
        "Quantize both alike, or leave both in float with --io float.",
    ),
}
