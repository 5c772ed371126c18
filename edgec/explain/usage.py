"""E00xx: the command line and the installation."""

from __future__ import annotations

from edgec.explain.entry import Explanation

USAGE = {
    "E0001": Explanation(
        "Unknown verb",
        "The first word after `edgec` names what to do; this one is none of the verbs.",
        "`edgec --help` lists the verbs. Example: edgec gen model.onnx --target cortex-m4",
    ),
    "E0002": Explanation(
        "The command line is not understood",
        "An option does not exist, a value is missing, or a value is not of the kind that the "
        "option takes.",
        "`edgec VERB --help` shows every option of the verb with its values.",
    ),
    "E0003": Explanation(
        "No target is given",
        "The C that edgec writes is specialised for one processor, so it must know which.",
        "Say --target NAME (`edgec targets`), or --board NAME (`edgec boards`), which implies "
        "the board's target. Example: edgec gen model.onnx --target cortex-m4",
    ),
    "E0004": Explanation(
        "The board does not run this target's code",
        "A board has one processor; code for another one would stop at the first instruction "
        "that it does not know.",
        "Leave out --target to use the board's own, or choose a board from `edgec boards`.",
    ),
    "E0005": Explanation(
        "The model's name cannot be used in C",
        "The name prefixes every public symbol (NAME_run, NAME_ARENA_BYTES) and names the files, "
        "so it must be a C identifier that is no keyword and hides no standard header.",
        "Choose another: edgec gen model.onnx --target cortex-m4 --name wake_word",
    ),
    "E0006": Explanation(
        "A size is not understood",
        "--ram, --flash, --capacity and the limits in --place are positive numbers of bytes.",
        "Write 16384, 0x4000, 16K or 1M (K is 1024 bytes, M is 1024 K).",
    ),
    "E0007": Explanation(
        "A shape is not understood",
        "--shape gives an input with symbolic dimensions the sizes to compile for.",
        "Write the input's name and its dimensions: --shape input=1,3,96,96",
    ),
    "E0008": Explanation(
        "There is no such diagnostic",
        "Codes look like E0203; `edgec explain` without a code lists all of them.",
        "edgec explain E0203",
    ),
    "E0022": Explanation(
        "--hop says nothing here",
        "--hop N tells by how many rows, at least 1, the next of two overlapping inputs begins "
        "later, which only models that take their input row by row can know.",
        "Say --stream-input --hop N, or leave --hop out.",
    ),
    "E0010": Explanation(
        "Unknown target",
        "A target is a processor with its compiler and flags; each has a file in `targets/`.",
        "`edgec targets` lists them; `native` is the one of this computer. "
        "Example: edgec gen model.onnx --target cortex-m4",
    ),
    "E0011": Explanation(
        "Unknown board",
        "A board is a processor with its memories, on which code can be run and measured.",
        "`edgec boards` lists them. Example: edgec verify model.onnx --board mps2-an386",
    ),
    "E0013": Explanation(
        "The baseline cannot be read",
        "`bench --baseline` compares with the JSON that an earlier `bench --json` printed.",
        "Write one: edgec bench MODEL --target T --json > baseline.json",
    ),
    "E0014": Explanation(
        "A picture of what is not made",
        "`check --plot` draws the schedules that --sweep finds, --plan-svg the one plan that is "
        "made without it.",
        "For example: edgec check MODEL --board B --sweep --plot sweep.svg",
    ),
    "E0015": Explanation(
        "The picture cannot be written",
        "The system refuses to write the file given with --plot or --plan-svg.",
        "Name another file, in a folder that exists: --plot sweep.svg",
    ),
    "E0016": Explanation(
        "The report cannot be written",
        "The system refuses to write the page of `edgec report`.",
        "Name another file, in a folder that exists: edgec report model.onnx -o report.html",
    ),
    "E0017": Explanation(
        "An option is for one model",
        "With --share-arena several models are compiled, and the option is for a file that shows "
        "or names one of them.",
        "Use the option in a call of `edgec gen` with that model alone.",
    ),
    "E0018": Explanation(
        "Two models would have the same name in C",
        "With --share-arena models are named by their files, and names that differ only in case "
        "or in characters that C does not have are the same. The set has a name, too.",
        "Name a model, edgec gen wake=a/model.onnx words=b/model.onnx --share-arena; the set is "
        "named by --name or by its folder, -o.",
    ),
    "E0019": Explanation(
        "Several models are given",
        "`gen` makes one folder for one model, unless the models share their memory.",
        "Call it for each, or: edgec gen a.onnx b.onnx --share-arena -o both --target cortex-m4",
    ),
    "E0009": Explanation(
        "A state is not named properly",
        "A state is an input that takes what an output gave in the run before.",
        "Name both: --state h0=hn",
    ),
    "E0012": Explanation(
        "A target or board description is broken",
        "The TOML file of a target or board lacks a key, or a value has the wrong type.",
        "Compare the file with its neighbours; docs/adding-a-target.md describes every key.",
    ),
}
