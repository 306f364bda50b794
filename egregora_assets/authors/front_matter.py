"""The authors that a post names in its front matter: YAML between two lines of ``---`` at the very beginning of the file."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_ENDS = re.compile(rb"(?:^|\n)(?:---|\.\.\.)[ \t]*\r?(?:\n|$)")
_LONGEST_BEGINNING = 64
_LONGEST_END = 64
_CHUNK = 1 << 16
_MOST_BYTES = 8 << 20
_NULL = "tag:yaml.org,2002:null"
_ACCEPTED = "a name, a list of names, or a list of mappings that have a name"


class DamagedFrontMatter(ValueError):
    """The front matter of a post cannot be read; the message says why, with the line in the file."""


def authors_of_post(path: Path) -> list[str]:
    """Return the authors that a post names, each once; none of a file without front matter. The body is not read.

    Raises ``DamagedFrontMatter``, or ``OSError`` when the file cannot be read.
    """
    front = _front_matter(path)
    if b"authors" not in front:
        return []
    try:
        return authors_in(front.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DamagedFrontMatter("the front matter is not UTF-8: save the file as UTF-8") from error


def authors_in(front: str) -> list[str]:
    """Return the authors that the YAML of a front matter names. Raises ``DamagedFrontMatter``."""
    root = _composed(front)
    if root is None:
        return []
    if not isinstance(root, MappingNode):
        raise DamagedFrontMatter("the front matter is no list of keys and values")
    named = [value for key, value in root.value if isinstance(key, ScalarNode) and key.value == "authors"]
    names = [name for value in named for name in _names(value)]
    if any("\ud800" <= character <= "\udfff" for name in names for character in name):
        raise DamagedFrontMatter("a name holds half of a character: write the name itself")
    return list(dict.fromkeys(name for name in names if name))


def _front_matter(path: Path) -> bytes:
    """Return the bytes between the first two lines of ``---``, of any length; empty where the file begins with none."""
    with path.open("rb") as file:
        held = bytearray(file.read(_CHUNK))
        begins = _BEGINS.match(held[:_LONGEST_BEGINNING])
        if begins is None:
            return b""
        held = bytearray(held[begins.end() :])
        looked = 0
        while (ends := _ENDS.search(held, looked)) is None or ends.end() == len(held):
            more = file.read(_CHUNK)
            if not more:
                break
            looked = max(0, len(held) - _LONGEST_END)
            held += more
            if len(held) > _MOST_BYTES:
                raise DamagedFrontMatter(
                    f"the front matter has more than {_MOST_BYTES >> 20} MiB: a line of --- is missing"
                )
    if ends is None:
        raise DamagedFrontMatter("the front matter has no end: a line of --- is missing")
    return bytes(held[: ends.start()])


def _composed(front: str) -> Node | None:
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(front)
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise DamagedFrontMatter(f"{line}{error.problem or error.context}") from error
    except (YAMLError, ValueError) as error:
        raise DamagedFrontMatter(str(error).split("\n")[0]) from error
    except RecursionError as error:
        raise DamagedFrontMatter("its lists are nested too deeply") from error
    return root


def _names(value: Node) -> list[str]:
    if isinstance(value, SequenceNode):
        return [name for item in value.value for name in _one(item)]
    return _one(value)


def _one(value: Node) -> list[str]:
    if isinstance(value, ScalarNode):
        return [] if value.tag == _NULL else [" ".join(value.value.split())]
    if isinstance(value, MappingNode):
        for key, name in value.value:
            if isinstance(key, ScalarNode) and key.value == "name" and isinstance(name, ScalarNode):
                return [" ".join(name.value.split())]
    raise DamagedFrontMatter(f"line {value.start_mark.line + 2}: authors is to be {_ACCEPTED}")
