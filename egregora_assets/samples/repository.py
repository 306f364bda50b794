"""The sample git repository: the program that the sample chat of the hackerspace talks about.

Here belongs what makes a repository of the text beside this file; its commits have the same names everywhere.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

REPOSITORY_NAME = "door-bot"
REPOSITORY_WEB = "https://git.example.org/hackerspace/door-bot"
"""The page that links of the sample chat name; nobody serves it."""
REPOSITORY_FORGE = "gitea"

log = logging.getLogger(__name__)


def write_sample_repository(folder: Path) -> Path | None:
    """Make the bare repository ``door-bot.git`` in ``folder``, which is made if need be, and return its path.

    One that is there is left alone. Returns ``None``, and logs why, where git is missing or cannot make it.
    """
    repository = folder / f"{REPOSITORY_NAME}.git"
    if repository.exists():
        return repository
    git = shutil.which("git")
    if git is None:
        log.warning("no sample repository: there is no git on this machine")
        return None
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{repository.name}.{secrets.token_hex(4)}"
    try:
        _git(git, "init", "--quiet", "--bare", "--template=", "--object-format=sha1", "-b", "main", str(unfinished))
        _git(git, f"--git-dir={unfinished}", "config", "remote.origin.url", f"{REPOSITORY_WEB}.git")
        stream = (files(__package__) / f"{REPOSITORY_NAME}.fast-import").read_bytes()
        _git(git, f"--git-dir={unfinished}", "fast-import", "--quiet", stream=stream)
        unfinished.replace(repository)
    except subprocess.CalledProcessError as error:
        log.warning("no sample repository: git cannot make it: %s", error.stderr.decode(errors="replace").strip())
        return None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return repository


def _git(git: str, *arguments: str, stream: bytes = b"") -> None:
    """Run git without what this machine, its user or a repository around this one say about how it works."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**ours, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    subprocess.run([git, *arguments], input=stream, env=environment, capture_output=True, check=True)
