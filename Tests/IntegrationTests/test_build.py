"""What the build embeds, and where `make install` puts it."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

MANIFEST = """// swift-tools-version: 6.3
import PackageDescription
let package = Package(name: "small", targets: [
    .executableTarget(name: "KeeptrustsConsole", plugins: ["EmbedAssets"]),
    .plugin(name: "EmbedAssets", capability: .buildTool, dependencies: ["embed-assets"], exclude: ["embedded"]),
    .executableTarget(name: "embed-assets"),
])
"""


@pytest.fixture
def binary():
    """These need no `kt`."""


@pytest.mark.parametrize("folder", ["web", "packs"])
def test_what_is_embedded_stands_in_a_folder_that_is_watched(folder):
    link = ROOT / "Plugins/EmbedAssets/embedded" / folder

    assert link.is_symlink() and link.resolve() == ROOT / folder
    assert 'dependencies: ["embed-assets"], exclude: ["embedded"])' in (ROOT / "Package.swift").read_text()


@pytest.mark.long
def test_a_file_that_is_added_is_embedded_by_the_next_build(tmp_path):
    for folder in ("Plugins", "web", "packs", "Sources/embed-assets"):
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True)
    (tmp_path / "Package.swift").write_text(MANIFEST)
    # While there is none, every build asks the plugins again.
    (tmp_path / "Package.resolved").write_text('{"pins": [], "version": 2}\n')
    main = tmp_path / "Sources/KeeptrustsConsole/main.swift"
    main.parent.mkdir()
    main.write_text('print(Assets.all["console/added/late.js"] ?? "none")\n')

    def built():
        subprocess.run(["swift", "build"], cwd=tmp_path, check=True, capture_output=True, timeout=600)
        return subprocess.run([tmp_path / ".build/debug/KeeptrustsConsole"], check=True, capture_output=True, text=True).stdout.strip()

    added = tmp_path / "web/console/added/late.js"
    assert built() == "none"
    added.parent.mkdir()
    added.write_text("export const late = 1;")
    assert built() == "export const late = 1;"
    added.write_text("export const late = 2;")
    assert built() == "export const late = 2;"
    added.unlink()
    assert built() == "none"


def install(*variables):
    return subprocess.run(["make", "-C", ROOT, "install", *variables], capture_output=True, text=True)


def test_install_puts_the_binary_below_its_prefix(tmp_path):
    built = tmp_path / "kt"
    built.write_text("#!/bin/sh\necho kt\n")
    built.chmod(0o700)

    assert install(f"KT={built}", "PREFIX=/opt/keeptrusts", f"DESTDIR={tmp_path}/root").returncode == 0
    kt = tmp_path / "root/opt/keeptrusts/bin/kt"
    assert kt.stat().st_mode & 0o777 == 0o755
    assert subprocess.run([kt], capture_output=True, text=True).stdout == "kt\n"


def test_install_says_what_is_not_built_yet(tmp_path):
    answer = install(f"KT={tmp_path}/kt", f"DESTDIR={tmp_path}/root")

    assert answer.returncode != 0 and "say 'make run' first" in answer.stderr
    assert not (tmp_path / "root").exists()
