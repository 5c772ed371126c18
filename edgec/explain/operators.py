"""E02xx: operators, their shapes and element types."""

from __future__ import annotations

from edgec.explain.entry import Explanation

OPERATORS = {
    "E0201": Explanation(
        "Operators are not supported",
        "The model uses ONNX operators that edgec does not know; the message lists all of them.",
        "`edgec ops` lists what is supported. Often a newer exporter or onnx-simplifier "
        "replaces an exotic operator by common ones.",
    ),
    "E0202": Explanation(
        "An optional output is not supported",
        "The operator is known, but not this additional result of it.",
        "Remove the use of that output, for example by exporting the model for inference.",
    ),
    "E0203": Explanation(
        "A node lacks an operand",
        "The operator needs more inputs than the node has.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0204": Explanation(
        "An operand must be known at compile time",
        "Shapes, axes and the like decide what code is written, so they cannot be computed "
        "at run time.",
        "Export with constant shapes, or bind symbolic dimensions with --shape so that "
        "folding finds the value.",
    ),
    "E0205": Explanation(
        "An axis is outside the tensor",
        "An axis counts from -rank to rank - 1.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0206": Explanation(
        "An attribute is missing or has the wrong type",
        "ONNX requires the attribute for this operator and opset.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0208": Explanation(
        "A tensor has an impossible size",
        "A result would have a negative or a zero dimension, or more elements than can be "
        "addressed.",
        "Check the shape that you bind with --shape; it may be too small for the strides and "
        "kernels of the model.",
    ),
    "E0210": Explanation(
        "Shapes do not broadcast",
        "Counted from the last, dimensions must be equal or one of them 1.",
        "Check the shapes that you bind with --shape, and the operand that the message names.",
    ),
    "E0211": Explanation(
        "An operator is not defined for this element type",
        "For example a bit shift of floats, or a logarithm of integers.",
        "Insert a Cast where the model is made.",
    ),
    "E0212": Explanation(
        "Operands have different element types",
        "ONNX does not convert types by itself.",
        "Insert a Cast where the model is made.",
    ),
    "E0214": Explanation(
        "An attribute has an unknown value",
        "The operator knows a few words for this attribute, and this is none of them.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0215": Explanation(
        "A Cast to this element type is not supported",
        "Element types are floats of 16 (computed as 32), 32 and 64 bits, integers of 8 to "
        "64 bits and booleans.",
        "Cast to one of these.",
    ),
    "E0216": Explanation(
        "A reshape does not fit",
        "A reshape keeps the number of elements and has at most one free dimension.",
        "Check the shape bound with --shape; a model exported for one batch size often has "
        "the size built in.",
    ),
    "E0217": Explanation(
        "Tile has the wrong number of repeats",
        "There is one number of repeats for every dimension.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0218": Explanation(
        "An axis is named twice",
        "The axes of a reduction, squeeze or unsqueeze are different.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0219": Explanation(
        "The model is in training mode",
        "Dropout and the like are random in training; compiled code has no randomness.",
        "Export for inference: model.eval() before torch.onnx.export.",
    ),
    "E0220": Explanation(
        "A constant cannot be made",
        "Its shape is impossible, or a range does not end.",
        "Check the values that decide the shape.",
    ),
    "E0221": Explanation(
        "A constant holds something else than numbers",
        "Strings and sparse tensors have no counterpart.",
        "Replace the constant by a dense tensor of numbers.",
    ),
    "E0222": Explanation(
        "OneHot has wrong values",
        "The values are the pair [off, on].",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0223": Explanation(
        "Transpose has a wrong permutation",
        "perm names every axis once.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0224": Explanation(
        "A slice does not fit",
        "Starts, ends, axes and steps have one entry for each sliced axis, and no step is 0.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0225": Explanation(
        "A split does not fit",
        "The sizes of the parts add up to the size of the axis, one for each output.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0226": Explanation(
        "Operands cannot be concatenated",
        "They must have the same shape except along the axis.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0227": Explanation(
        "A rearrangement does not fit the shape",
        "Blocks must divide channels, height and width, and ranks must fit.",
        "Check the shapes that you bind with --shape.",
    ),
    "E0228": Explanation(
        "The pads of Pad do not fit",
        "There are two pads for each axis, and what they cut away must be there.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0229": Explanation(
        "Indices do not fit the data",
        "Indices are integers, lie within the axis that they index, and have a shape that fits.",
        "Check the tensor of indices where the model is made.",
    ),
    "E0230": Explanation(
        "An operator does not take these element types",
        "All operands have one element type out of those that the message lists.",
        "Insert a Cast where the model is made.",
    ),
    "E0231": Explanation(
        "An operand has the wrong shape",
        "The message says which shape the operand must have here.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0232": Explanation(
        "Window attributes do not fit",
        "There is one kernel size, stride and dilation for each spatial axis, and two pads; "
        "all in their legal range.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0233": Explanation(
        "A window is larger than its input",
        "The padded input must hold at least one window.",
        "Bind a larger input with --shape, or check the pads.",
    ),
    "E0234": Explanation(
        "Tensors have the wrong rank for a window operator",
        "There is a batch axis, a channel axis and 1 to 3 spatial axes; weights have the "
        "same number.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0235": Explanation(
        "Channels and groups do not fit",
        "Input channels = weight channels times groups, and groups divide the output channels.",
        "Check `groups` of the layer where the model is made.",
    ),
    "E0236": Explanation(
        "kernel_shape differs from the weights",
        "The attribute, where it is given, repeats the spatial shape of the weights.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0237": Explanation(
        "LpPool has an illegal exponent",
        "p is at least 1.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0238": Explanation(
        "A window lies entirely in the padding",
        "Such a window has no element, so its maximum is undefined.",
        "Make the padding smaller than the kernel.",
    ),
    "E0240": Explanation(
        "A matrix product of tensors of the wrong rank",
        "The operands must be matrices (MatMul: also vectors and stacks of matrices).",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0241": Explanation(
        "Inner dimensions of a matrix product differ",
        "Columns of the first matrix = rows of the second.",
        "Check the shapes that you bind with --shape; often a Flatten before the layer has "
        "another size than in training.",
    ),
    "E0242": Explanation(
        "The bias of Gemm does not broadcast",
        "C broadcasts to the shape of the product.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0243": Explanation(
        "A zero point of an integer product has the wrong shape",
        "It is a scalar, or has one value per row of A or per column of B.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0244": Explanation(
        "Stacks of matrices do not broadcast",
        "The leading axes broadcast against each other.",
        "Check the shapes that you bind with --shape.",
    ),
    "E0245": Explanation(
        "A recurrent layer has an input of the wrong rank",
        "The input is [steps, batch, features], or [batch, steps, features] with layout = 1.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0246": Explanation(
        "A recurrent layer has wrong attributes",
        "The direction is forward, reverse or bidirectional, and there is at least one "
        "hidden unit.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0247": Explanation(
        "A recurrent layer has wrong activations",
        "There is a fixed number of activations for each direction, out of a short list.",
        "Use the default activations of the layer.",
    ),
    "E0248": Explanation(
        "Batch normalization is in training mode",
        "Compiled code uses the statistics that training collected.",
        "Export for inference: model.eval() before torch.onnx.export.",
    ),
    "E0249": Explanation(
        "A local normalization does not fit its input",
        "The size is at least 1, and the input has a channel axis.",
        "Export the model again, with opset 13 or newer if you can.",
    ),
    "E0250": Explanation(
        "The equation of an Einsum does not fit",
        "Each term has one label for each axis of its operand, a label has one extent, and the "
        "result is made of labels of the operands.",
        "Check the equation and the shapes that you bind with --shape.",
    ),
    "E0251": Explanation(
        "A tree ensemble has the wrong number of base values",
        "There are no base values, or one for each class or target.",
        "Give every class or target its own base value where the model is made.",
    ),
    "E0252": Explanation(
        "The lists of a tree ensemble do not fit",
        "All lists of nodes have one entry for each node, and a feature that a node tests is a "
        "column of the input.",
        "Convert the model again, and check the number of features.",
    ),
    "E0253": Explanation(
        "A classical model has an input or scores of the wrong shape",
        "The input is [batch, features], scores are [batch, classes or targets].",
        "Check the shape that you bind with --shape.",
    ),
    "E0254": Explanation(
        "Strings have no counterpart",
        "Labels, keys and categories must be numbers: tensors in C hold numbers.",
        "Train with integer labels, keep only the scores as an output, or translate strings "
        "outside of the model.",
    ),
    "E0255": Explanation(
        "The coefficients of a linear model or a support vector machine do not fit",
        "Coefficients, support vectors and intercepts have one entry for each feature and class, "
        "as the message says.",
        "Convert the model again; check that the input has the features of training.",
    ),
    "E0256": Explanation(
        "There are not as many labels as classes",
        "A classifier has one label for each class.",
        "Convert the model again, from a classifier that was trained on all classes.",
    ),
    "E0257": Explanation(
        "The nodes of a tree do not form a tree",
        "Every successor exists, none leads back, every node is reached from a root, and weights "
        "belong to leaves.",
        "Check the tool that wrote the model; convert it again.",
    ),
    "E0258": Explanation(
        "A map has no counterpart",
        "ZipMap turns scores into a map of labels to scores; inputs and outputs in C are tensors.",
        "Convert with skl2onnx options={'zipmap': False}, or drop the ZipMap node.",
    ),
    "E0259": Explanation(
        "A list has not one entry for each feature or input",
        "The list has one entry for each feature (or a single one for all), or one for each input.",
        "Convert the model again; check that the input has the features of training.",
    ),
    "E0260": Explanation(
        "The table of a LabelEncoder does not fit",
        "Keys have the type of the input, there is one value for each key, and the default is a "
        "scalar of the type of the values.",
        "Insert a Cast before the LabelEncoder, or make the table again.",
    ),
    "E0299": Explanation(
        "A node cannot be imported",
        "Its attributes or operands have a form that the importer did not expect.",
        "If onnx.checker accepts the model, please report it.",
    ),
}
