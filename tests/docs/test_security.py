"""What docs/security.md says of names: a model with hostile ones becomes C that compiles."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from edgec import driver
from edgec.build.manifest import read_manifest
from edgec.config import GenOptions

HOSTILE = 'x*/ int main(void) { return 1; } /* // \\\n#include "/etc/passwd"\n\u202e\x1b[31m??/'
STRICT = ("-Wall", "-Wextra", "-Werror", "-Wcomment", "-Wtrigraphs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated folder of a model whose file, graph, tensors and node have such names."""
    place = tmp_path_factory.mktemp("hostile")
    node = helper.make_node("Add", [HOSTILE, f"{HOSTILE}w"], [f"{HOSTILE}y"], name=HOSTILE)
    graph = helper.make_graph(
        [node],
        HOSTILE,
        [helper.make_tensor_value_info(HOSTILE, TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info(f"{HOSTILE}y", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor(f"{HOSTILE}w", TensorProto.FLOAT, [4], [1.0, 2.0, 3.0, 4.0])],
    )
    opsets = [helper.make_opsetid("", 17)]
    model = place / "int;touch $(x) `y` ..onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), model)
    options = GenOptions("x86_64", output=place / "out")
    return driver.generate(model, options, lambda stage: None).folder


def test_hostile_names_compile_without_a_warning(folder: Path) -> None:
    manifest = read_manifest(folder)
    for source in manifest.sources:
        done = subprocess.run(
            [manifest.cc, *manifest.cflags, *STRICT, "-I.", "-c", source, "-o", "/dev/null"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_hostile_names_stay_out_of_sources(folder: Path) -> None:
    own = [p for p in folder.iterdir() if p.suffix in (".c", ".h", ".mk", ".txt")]
    for path in own:
        text = path.read_bytes().decode("ascii")
        assert "main(void) {" not in text
        assert '#include "/etc' not in text
        assert "\x1b" not in text


def test_the_manifest_tells_the_names_as_they_are(folder: Path) -> None:
    described = json.loads((folder / "manifest.json").read_bytes().decode("ascii"))
    assert described["inputs"][0]["name"] == HOSTILE
    assert described["layers"][0]["onnx_nodes"] == [HOSTILE]
    assert described["name"].isidentifier()
