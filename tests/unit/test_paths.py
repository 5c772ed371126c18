"""Data is found in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec import paths


def test_a_checkout_has_its_data_beside_the_package() -> None:
    assert (paths.targets_dir() / "cortex-m4.toml").is_file()
    assert (paths.boards_dir() / "host" / "board.toml").is_file()
    assert (paths.runtime_dir() / "include").is_dir()
    assert paths.plugin_source().is_file()


def test_an_installed_package_has_its_data_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "edgec"
    (package / "_data" / "targets").mkdir(parents=True)
    monkeypatch.setattr(paths, "_PACKAGE", package)
    assert paths.targets_dir() == package / "_data" / "targets"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"EDGEC_CACHE": "/a"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/edgec")),
        ({"HOME": "/c"}, Path("/c/.cache/edgec")),
    ],
)
def test_the_cache_is_where_the_user_wants_it(
    variables: dict[str, str], expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EDGEC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert paths.cache_dir() == expected
