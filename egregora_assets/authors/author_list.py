"""``.authors.yml`` as blogs made with MkDocs Material have it: entries are added, and every byte that stands there stays.

New entries are put in as text behind the last one. Where the file has another form than one entry per line, it is read and
written as YAML, which keeps comments and unknown keys.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_PLAIN = re.compile(r"[^\W\d_][\w.-]*(?: [\w.-]+)*")
_RESERVED = frozenset("true false null yes no on off y n".split())
_NULL = "tag:yaml.org,2002:null"
_MARK = "\ufeff"
_MOST_NODES = 1_000_000


class AuthorListUnreadable(ValueError):
    """The list of authors cannot be read or added to; the message says why."""


def listed(text: str) -> set[str]:
    """Return the ids in a list of authors. Raises ``AuthorListUnreadable``."""
    authors = _authors(_composed(text))
    if authors is None:
        return set()
    return {key.value for key, _ in authors.value if isinstance(key, ScalarNode)}


def display_names(text: str) -> dict[str, str]:
    """Return the names that a list of authors shows, by id, where it has one. Raises ``AuthorListUnreadable``."""
    entries = _plain_mapping(_authors(_composed(text)))
    named = {key: entry.get("name") for key, entry in entries.items() if isinstance(entry, dict)}
    return {key: name.strip() for key, name in named.items() if isinstance(name, str) and name.strip()}


def with_authors(text: str, names: Sequence[str]) -> str:
    """Return the list of authors with an entry for each of ``names``, which are not in it; all else stays as it is.

    Raises ``AuthorListUnreadable``.
    """
    before = _composed(text)
    authors = _authors(before)
    wanted = _plain_mapping(before)
    entries = {name: _entry(name) for name in names}
    wanted["authors"] = {**_plain_mapping(authors), **entries}
    for added in (_added_as_text, _added_as_yaml):
        after = added(text, before, authors, names)
        if after is not None and _is(after, wanted):
            return after
    raise AuthorListUnreadable("its form is not understood: write `authors:` with one entry below it")


def ours(text: str) -> set[str]:
    """Return the ids of the entries that stand as ``with_authors`` has added them. Raises ``AuthorListUnreadable``."""
    entries = _plain_mapping(_authors(_composed(text)))
    return {key for key, entry in entries.items() if entry == _entry(key)}


def without_authors(text: str, names: Collection[str]) -> str:
    """Return the list of authors without the entries ``names``, which stand in it; all else stays as it is.

    Raises ``AuthorListUnreadable``.
    """
    before = _composed(text)
    authors = _authors(before)
    wanted = _plain_mapping(before)
    left = {key: entry for key, entry in _plain_mapping(authors).items() if key not in names}
    possible = [wanted | {"authors": left}, *([] if left else [wanted | {"authors": ""}])]
    for removed in (_removed_as_text, _removed_as_yaml):
        after = removed(text, authors, names)
        if after is not None and any(_is(after, form) for form in possible):
            return after
    raise AuthorListUnreadable("its form is not understood: take out the entries of those who opted out")


def _entry(name: str) -> dict[str, object]:
    return {"name": name, "description": "Author", "avatar": ""}


def _is(text: str, wanted: object) -> bool:
    try:
        return _plain(_composed(text)) == wanted
    except AuthorListUnreadable:
        return False


def _composed(text: str) -> MappingNode | None:
    try:
        root = YAML(typ="safe", pure=True).compose(text.removeprefix(_MARK))
    except (YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(error) from error
    if root is None or (isinstance(root, ScalarNode) and root.tag == _NULL):
        return None
    if not isinstance(root, MappingNode):
        raise AuthorListUnreadable("it is no list of keys and values")
    if _size(root, {}) > _MOST_NODES:
        raise AuthorListUnreadable("its references (&name, *name) stand for more than can be read: write them out")
    return root


def _size(node: Node, known: dict[int, int]) -> int:
    """Return how many nodes ``node`` is with its references written out; too many where it holds itself."""
    if id(node) not in known:
        known[id(node)] = _MOST_NODES + 1
        parts = node.value if isinstance(node, MappingNode | SequenceNode) else []
        known[id(node)] = 1 + sum(
            _size(part, known) for item in parts for part in (item if isinstance(item, tuple) else (item,))
        )
    return known[id(node)]


def _authors(root: MappingNode | None) -> MappingNode | None:
    """Return the mapping below ``authors``; ``None`` where there is none yet."""
    value = _value(root, "authors") if root is not None else None
    if value is None or (isinstance(value, ScalarNode) and value.tag == _NULL):
        return None
    if not isinstance(value, MappingNode):
        raise AuthorListUnreadable("what stands below `authors` is no list of entries")
    return value


def _value(root: MappingNode, wanted: str) -> Node | None:
    found = (value for key, value in root.value if isinstance(key, ScalarNode) and key.value == wanted)
    return next(found, None)


def _plain_mapping(node: MappingNode | None) -> dict[str, object]:
    return {str(_plain(key)): _plain(value) for key, value in node.value} if node is not None else {}


def _plain(node: Node | None) -> object:
    """Return a node as plain values, to compare two files by what they say."""
    if isinstance(node, MappingNode):
        return _plain_mapping(node)
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value if isinstance(node, ScalarNode) else None


def _added_as_text(
    text: str, root: MappingNode | None, authors: MappingNode | None, names: Sequence[str]
) -> str | None:
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True) if "\u2028" not in text and "\x85" not in text else None
    if lines is None or (root is not None and root.flow_style) or (authors is not None and authors.flow_style):
        return None
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += ending
    if authors is not None and authors.value:
        at, indent = _line_behind(authors), int(authors.value[0][0].start_mark.column)
        entries = _entries(names, " " * indent, ending)
        return "".join([*lines[:at], entries, *lines[at:]])
    entries = _entries(names, "  ", ending)
    if root is None or _value(root, "authors") is None:
        return "".join([*lines, f"authors:{ending}", entries])
    (key,) = (key for key, _ in root.value if isinstance(key, ScalarNode) and key.value == "authors")
    at = int(key.start_mark.line) + 1
    return "".join([*lines[:at], entries, *lines[at:]])


def _line_behind(node: Node) -> int:
    """Return the number of the first line behind all that a node says; comments behind it are not its own."""
    while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = node.end_mark
    return int(end.line) if end.column == 0 and end.line > node.start_mark.line else int(end.line) + 1


def _entries(names: Sequence[str], indent: str, ending: str) -> str:
    lines = (
        f"{indent}{_quoted(name)}:{ending}"
        f"{indent}  name: {_quoted(name)}{ending}"
        f"{indent}  description: Author{ending}"
        f'{indent}  avatar: ""{ending}'
        for name in names
    )
    return "".join(lines)


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name) and name.casefold() not in _RESERVED:
        return name
    return json.dumps(name, ensure_ascii=not name.isprintable())


def _removed_as_text(text: str, authors: MappingNode | None, names: Collection[str]) -> str | None:
    if authors is None or authors.flow_style or "\u2028" in text or "\x85" in text:
        return None
    lines = text.splitlines(keepends=True)
    for key, entry in reversed(authors.value):
        if key.value in names:
            del lines[int(key.start_mark.line) : _line_behind(entry)]
    return "".join(lines)


def _removed_as_yaml(text: str, authors: MappingNode | None, names: Collection[str]) -> str | None:
    if authors is None:
        return None
    yaml, data = _loaded(text)
    for name in names:
        data["authors"].pop(name, None)
    return _dumped(yaml, data, text)


def _added_as_yaml(
    text: str, root: MappingNode | None, authors: MappingNode | None, names: Sequence[str]
) -> str | None:
    yaml, data = _loaded(text) if root is not None else (_round_trip(), {})
    if authors is None:
        data["authors"] = {}
    for name in names:
        data["authors"][name] = _entry(name)
    return _dumped(yaml, data, text)


def _round_trip() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1 << 16
    return yaml


def _loaded(text: str) -> tuple[YAML, Any]:
    yaml = _round_trip()
    try:
        return yaml, yaml.load(text.removeprefix(_MARK))
    except (YAMLError, ValueError) as error:
        raise _unreadable(error) from error


def _dumped(yaml: YAML, data: object, text: str) -> str:
    """Return ``data`` as YAML with the line ends and the mark at the beginning that ``text`` has."""
    written = io.StringIO()
    try:
        yaml.dump(data, written)
    except (YAMLError, ValueError) as error:
        raise _unreadable(error) from error
    mark = _MARK if text.startswith(_MARK) else ""
    return mark + (written.getvalue().replace("\n", "\r\n") if "\r\n" in text else written.getvalue())


def _unreadable(error: Exception) -> AuthorListUnreadable:
    return AuthorListUnreadable(f"it is no valid YAML ({' '.join(str(error).split())[:200]})")
