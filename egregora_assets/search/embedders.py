"""What makes vectors of texts: one narrow protocol, and which of its implementations the settings ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from egregora_assets.privacy import kinds

if TYPE_CHECKING:
    from egregora_assets.config import Settings

Vectors = np.ndarray[Any, np.dtype[np.float32]]


READING = "2"
"""Part of every fingerprint: changes whenever texts are brought into another form before they are read (here, and what
``units.NORMALISED`` makes of them).
"""
_NOBODY = re.compile(rf"@?(?:{kinds.PLACEHOLDER}|{kinds.ALIAS})[,:]?", re.ASCII)


class NoEmbedder(RuntimeError):
    """Nothing makes vectors here; the message says why, and what to do. Search is by words alone then."""


class EmbedderFailed(RuntimeError):
    """A model or service did not give the vectors it was asked for; the message says why."""


class Embedder(Protocol):
    """Makes vectors of length one whose products tell how near texts are in meaning.

    ``model_fingerprint`` names all that a vector depends on besides its text: 16 hexadecimal digits. Vectors under different
    names cannot be compared. ``name`` is for people.
    """

    @property
    def model_fingerprint(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        """Return float32 [texts, dimensions]. The vector of a text does not depend on which others are asked for with it.

        ``as_query`` is for what is searched for, where a model tells it from what is found. Raises ``EmbedderFailed``.
        """
        ...


def open_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings ask for; nothing is sent anywhere by that. Raises ``NoEmbedder``."""
    chosen = settings.search
    if chosen.embedder == "none":
        raise NoEmbedder('the settings ask for search by words alone (`embedder = "none"` in [search])')
    if chosen.embedder == "http":
        from egregora_assets.search.http_embedder import HttpEmbedder

        return HttpEmbedder(chosen.http)
    folder = settings.model_folder
    if not folder.is_dir():
        raise NoEmbedder(
            f"there is no model in {folder}: `egregora model install` puts the standard one in place; "
            "without one search is by words alone"
        )
    from egregora_assets.search.onnx_model import opened

    return opened(folder)


def as_read(text: str) -> str:
    """Return a text as models read it: without what stands for names and numbers that were taken out.

    ``[name]: try it again`` is further from ``try it again`` than many a text about something else.
    """
    said = " ".join(_NOBODY.sub(" ", text).split()) if "[" in text or "member-" in text else text
    return said or text


def unit_length(vectors: Vectors) -> Vectors:
    """Return the vectors brought to length one. Those of texts that say nothing to a model are zeros, and near to nothing.

    Raises ``EmbedderFailed`` for numbers that are not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        lengths = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    if not np.isfinite(lengths).all():
        raise EmbedderFailed("a vector without direction: some of its numbers are not finite")
    shortened: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return shortened
