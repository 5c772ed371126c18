"""E06xx to E09xx: building, running, and bugs of edgec."""

from __future__ import annotations

from edgec.explain.entry import Explanation

RUNNING = {
    "E0601": Explanation(
        "The compiler is missing",
        "Building firmware needs the cross compiler of the target and its C library.",
        "`edgec doctor` shows what is missing and how to install it.",
    ),
    "E0602": Explanation(
        "Generated code does not compile",
        "Generated C compiles without warnings; that it does not here is a bug, or the "
        "compiler is not the expected one.",
        "Run `edgec doctor`; if the compiler is the expected one, please report it with the model.",
    ),
    "E0603": Explanation(
        "The program does not fit the board",
        "Code, constants, arena and stack must fit the memories of the board; the message "
        "says what overflows by how much.",
        "`edgec check` shows the use in detail. Try a larger board, --optimize size, or a "
        "smaller model.",
    ),
    "E0604": Explanation(
        "The manifest of a generated folder is not usable",
        "manifest.json tells the build what to compile; it is missing or was changed.",
        "Generate the folder again.",
    ),
    "E0605": Explanation(
        "The board does not run this target's code",
        "The folder was generated for another processor than the board has.",
        "Generate for the board: edgec gen model.onnx --board NAME",
    ),
    "E0701": Explanation(
        "The emulator is missing",
        "Boards other than the host run under QEMU.",
        "`edgec doctor` shows what is missing and how to install it.",
    ),
    "E0702": Explanation(
        "The program crashed",
        "The emulated core took a fault, or the harness ended with an error.",
        "Please report it with the model, the target and the board.",
    ),
    "E0703": Explanation(
        "The program did not end in time",
        "A run has a time limit, so that a program that hangs does not stop everything.",
        "Verify fewer inputs with --count.",
    ),
    "E0704": Explanation(
        "Inputs do not fit the model",
        "The data for a run must have a tensor of the right name, type and shape for each input.",
        "Check the .npz file: it holds one array per input, or one with a leading axis over "
        "the inputs.",
    ),
    "E0705": Explanation(
        "The file of inputs cannot be used",
        "Inputs are read from an .npz file; this one is missing, damaged or empty.",
        "numpy.savez('inputs.npz', **{'input name': samples}) writes one, with a leading axis over "
        "the samples.",
    ),
    "E0706": Explanation(
        "The generated code returned an error",
        "The entry function returns 0 unless its arena is missing or misaligned.",
        "Please report it with the model, the target and the board.",
    ),
    "E0707": Explanation(
        "A layer cannot be counted",
        "Instructions are counted by function, and every layer of the manifest is a function; the "
        "program has none for this one.",
        "Keep EDGEC_LAYER as edgec_hal.h defines it, or generate the folder again.",
    ),
    "E0900": Explanation(
        "A bug in edgec",
        "Something went wrong that no check foresaw. Your model may be perfectly fine.",
        "Please report it with the model and the command line. EDGEC_DEBUG=1 shows the traceback.",
    ),
    "E0901": Explanation(
        "A pass broke the graph",
        "The verifier between passes found an invalid graph. This is a bug.",
        "Please report it with the model; --dump-ir DIR shows the graph after every pass.",
    ),
    "E0902": Explanation(
        "An operator contradicts its own shape rule",
        "The reference computed another type or number of results than the rule promises. "
        "This is a bug.",
        "Please report it with the model.",
    ),
    "E0903": Explanation(
        "A pass runs too early",
        "The pipeline orders its passes wrongly. This is a bug.",
        "Please report it with the model and the --optimize level.",
    ),
    "E0904": Explanation(
        "Rewriting does not end",
        "Two rewrite rules undo each other. This is a bug.",
        "Please report it with the model.",
    ),
    "E0905": Explanation(
        "A lowered step is broken",
        "The verifier of the loop IR found an access outside a buffer or a wrong type. This "
        "is a bug.",
        "Please report it with the model.",
    ),
    "E0906": Explanation(
        "A product reads or writes outside of its tensors",
        "A pass placed the matrices of a product wrongly. This is a bug.",
        "Please report it with the model.",
    ),
}
