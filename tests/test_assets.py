"""Assets arrive whole or not at all, once, and whatever goes wrong is said in a sentence."""

import base64
import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import textwrap
import zipfile

import pytest

from helpers import assets
from helpers.assets import ASSETS, Asset, AssetError, download, path
from helpers.assets.__main__ import listing, main


def tarball(**members):
    """The bytes of a .tgz with these members below package/."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


GOOD = tarball(package__data__a_dot_txt=b"alpha", package__data__b_dot_bin=b"beta", package__c_dot_txt=b"gamma")


def asset_of(content, **changes):
    checksum = base64.b64encode(hashlib.sha512(content).digest()).decode()
    row = Asset("npm", "small", "1.0.0", checksum, "MIT", "a small one", 0.1, root="package/data", takes=("*.txt",))
    return dataclasses.replace(row, **changes)


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """An empty cache, and an npm on the PATH that packs `registry.content` and counts how often it was asked."""

    class Registry:
        content, asked = GOOD, tmp_path / "asked"
        cache = tmp_path / "cache"

        def write(self, content, seconds=0, fail=""):
            (tmp_path / "package.tgz").write_bytes(content)
            script = f"""\
                import pathlib, shutil, sys, time
                with open({str(self.asked)!r}, "a") as file: file.write("x")
                time.sleep({seconds})
                if {fail!r}: sys.exit({fail!r})
                into = next(w.split("=", 1)[1] for w in sys.argv if w.startswith("--pack-destination="))
                shutil.copy({str(tmp_path / "package.tgz")!r}, pathlib.Path(into) / "small-1.0.0.tgz")
                """
            npm = tmp_path / "bin" / "npm"
            npm.parent.mkdir(exist_ok=True)
            (tmp_path / "npm.py").write_text(textwrap.dedent(script))
            npm.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path / "npm.py"}" "$@"\n')
            npm.chmod(0o755)

    monkeypatch.setenv("UFM_CACHE", str(Registry.cache))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    made = Registry()
    made.write(GOOD)
    monkeypatch.setitem(ASSETS, "small", asset_of(GOOD))
    return made


def files(folder):
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.name != assets.MANIFEST)


def test_it_takes_what_the_row_says_and_asks_once(registry):
    folder = path("small")
    assert files(folder) == ["a.txt"] and (folder / "a.txt").read_bytes() == b"alpha"
    assert path("small") == folder
    assert registry.asked.read_text() == "x"
    assert not list(registry.cache.glob(".partial-*"))
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o644, "others may read a cache that is shared"


def test_a_run_can_note_what_it_asks_for(registry, monkeypatch, tmp_path):
    monkeypatch.setenv("UFM_ASSET_LOG", str(tmp_path / "log"))
    path("small")
    path("small")
    assert (tmp_path / "log").read_text() == "small\nsmall\n"


def test_an_unknown_name_is_named():
    with pytest.raises(ValueError, match="name='bible' is not an asset; there are addresses, .*udhr"):
        path("bible")


@pytest.mark.parametrize("broken", [GOOD[:-20], GOOD[:10] + b"X" + GOOD[11:], b""], ids=["cut off", "flipped", "empty"])
def test_a_broken_download_is_named_and_removed(registry, broken):
    registry.write(broken)
    with pytest.raises(AssetError, match="'small' is broken: small-1.0.0.tgz has the checksum .* It was removed"):
        path("small")
    assert not [f for f in registry.cache.rglob("*") if f.is_file() and f.suffix != ".lock"]
    registry.write(GOOD)
    assert files(path("small")) == ["a.txt"]


def test_no_network_says_what_to_do(registry):
    registry.write(GOOD, fail="npm error network request failed")
    with pytest.raises(AssetError, match="'small' could not be fetched.*Connect to a network.*request failed"):
        path("small")


def test_words_of_a_package_manager_are_cut_between_words():
    npm = """\
npm error code ECONNREFUSED
npm error FetchError: request to http://mirror.example/some-long-name failed, reason: connect ECONNREFUSED
npm error     at ClientRequest.<anonymous> (/usr/lib/node_modules/npm/lib/index.js:130:14)
npm error A complete log of this run can be found in: /somewhere/_logs/2026-11-29T19_10_20_423Z-debug-0.log
"""
    reason = "request to http://mirror.example/some-long-name failed, reason: connect ECONNREFUSED"
    assert download.in_short(npm) == f"code ECONNREFUSED FetchError: {reason}"
    assert download.in_short("WARNING: retrying\nERROR: No matching distribution\n") == "No matching distribution"
    address = "https://mirror.example/a-rather-long/path-to-a-package.tgz"
    for length in range(230, 290):
        cut = download.in_short(f"{'x' * length} {address} {'more ' * 30}")
        assert cut.endswith(" …") and set(cut.split()) <= {"x" * length, address, "more", "…"}


@pytest.mark.parametrize("member", ["package__data__..__..__evil_dot_txt", "package__data__..__evil_dot_txt"])
def test_a_path_out_of_the_folder_is_refused(registry, monkeypatch, member):
    evil = tarball(**{member: b"x"})
    registry.write(evil)
    monkeypatch.setitem(ASSETS, "small", asset_of(evil))
    with pytest.raises(AssetError, match="is not what it should be"):
        path("small")
    assert not list(registry.cache.parent.glob("*.txt"))


def test_links_are_passed_over_and_an_archive_without_the_files_is_refused(registry, monkeypatch):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        info = tarfile.TarInfo("package/data/a.txt")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    registry.write(file.getvalue())
    monkeypatch.setitem(ASSETS, "small", asset_of(file.getvalue()))
    with pytest.raises(AssetError, match="holds nothing below 'package/data'"):
        path("small")


def test_a_bomb_is_refused(registry, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 3)
    with pytest.raises(AssetError, match="is not what it should be"):
        path("small")


def test_a_damaged_folder_is_fetched_again(registry):
    folder = path("small")
    (folder / "a.txt").write_bytes(b"al")
    assert not ASSETS["small"].is_complete()
    assert (path("small") / "a.txt").read_bytes() == b"alpha"
    (folder / assets.MANIFEST).write_text("{")
    assert files(path("small")) == ["a.txt"]


def test_a_flipped_bit_on_disk_is_found_at_set_up_and_mended(registry, monkeypatch, capsys):
    monkeypatch.setattr(assets, "ASSETS", {"small": ASSETS["small"]})
    monkeypatch.setattr(download, "ASSETS", {"small": ASSETS["small"]})
    folder = path("small")
    (folder / "a.txt").write_bytes(b"alphA")
    assert ASSETS["small"].is_complete() and ASSETS["small"].damaged() == ["a.txt"]
    download.fetch_all()
    assert (folder / "a.txt").read_bytes() == b"alpha" and ASSETS["small"].damaged() == []
    assert "the asset 'small' is damaged (a.txt) and is fetched again" in capsys.readouterr().out
    download.fetch_all()
    assert capsys.readouterr().out == "" and registry.asked.read_text() == "xx"


def test_what_a_killed_fetch_left_is_removed(registry):
    left = registry.cache / f".partial-{ASSETS['small'].folder().name}-killed"
    left.mkdir(parents=True)
    (left / "half.tgz").write_bytes(b"x")
    path("small")
    assert not left.exists()


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_named(registry):
    registry.cache.mkdir()
    registry.cache.chmod(0o500)
    with pytest.raises(AssetError, match="'small' cannot be stored in .*UFM_CACHE"):
        path("small")


def test_a_complete_asset_needs_no_writing(registry, monkeypatch):
    path("small")
    monkeypatch.setattr(download, "fetch", lambda *_: pytest.fail("fetched again"))
    assert files(path("small")) == ["a.txt"]


def test_a_last_step_that_fails_is_one_sentence(registry, monkeypatch):
    def broken(folder):
        raise OSError("It is not a valid gguf file")

    monkeypatch.setattr(download, "name_for_tiktoken", broken)
    monkeypatch.setitem(ASSETS, "small", asset_of(GOOD, finish="name_for_tiktoken"))
    with pytest.raises(AssetError, match="'small' could not be converted .* OSError: It is not a valid gguf file"):
        path("small")
    assert not ASSETS["small"].folder().exists()


def test_a_cache_that_cannot_be_a_folder_is_named(registry, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UFM_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AssetError, match="'small' cannot be stored in .*make that folder writable, or set UFM_CACHE"):
        path("small")


def test_a_full_disk_is_named(registry, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.shutil, "copyfileobj", full)
    with pytest.raises(AssetError, match="the disk of .* is full; free some space, or set UFM_CACHE"):
        path("small")
    assert not ASSETS["small"].folder().exists()


def test_two_processes_at_once_fetch_once_and_agree(registry, tmp_path):
    registry.write(GOOD, seconds=0.5)
    program = tmp_path / "program.py"
    program.write_text(f"from helpers.assets import *\nASSETS['small'] = {asset_of(GOOD)!r}\nprint(path('small'))\n")
    command = [sys.executable, str(program)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate()[0] for process in running}
    assert len(said) == 1 and "small-1.0.0" in said.pop()
    assert registry.asked.read_text() == "x"


def test_a_wheel_is_verified_and_unpacked(registry, monkeypatch):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("small/a.txt", "alpha")
        wheel.writestr("small/b.bin", "beta")
    row = asset_of(b"", manager="pip", checksum=hashlib.sha256(file.getvalue()).hexdigest(), root="small")
    monkeypatch.setitem(ASSETS, "small", row)

    def pack(name, asset, into):
        (into / "small.whl").write_bytes(file.getvalue())
        return into / "small.whl"

    monkeypatch.setattr(download, "_pack", pack)
    assert files(path("small")) == ["a.txt"]


def test_the_listing_says_what_is_there(registry, capsys):
    assert "missing" in listing() and "UFM_CACHE" in listing()
    path("small")
    row = next(line for line in listing().splitlines() if line.startswith("small "))
    assert "small 1.0.0 (npm)" in row and "MIT" in row and "0.0 MB" in row
    assert main(["what"]) == 2
    assert "usage" in capsys.readouterr().err


def test_npm_of_the_requirements_is_used_where_the_system_has_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert download._npm().startswith(sys.prefix)
