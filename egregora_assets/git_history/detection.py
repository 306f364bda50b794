"""Reads what one text says about code, from left to right: patterns that find pieces, and what decides on each.

Every pattern takes time that grows with the text, and what stands around a piece is asked within a few dozen letters of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from egregora_assets.git_history import code_words
from egregora_assets.git_history.code_words import ENDINGS, NAMES
from egregora_assets.git_history.forge_links import Mention, lines, pointed_to

_LETTER = r"A-Za-z0-9_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f"
"""Letters of scripts that put spaces between words: in texts of others a path ends where those begin."""
_NO_DOT = rf"{_LETTER}~@+$\-"
_IN_PATH = rf"{_NO_DOT}."
_WIDE = r"\u0590-\u10ff\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U0001f300-\U0001faff"
"""Letters of scripts without such spaces, and signs that stand among letters."""
_FOREIGN = r"\u0590-\u08ff\u3000-\u9fff\uac00-\ud7af\uff00-\uffef"
_RUN = rf"(?:[{_IN_PATH}/\\]|(?<=[/\\])(?:\[[\w.]{{1,40}}\]|\([\w\-]{{1,40}}\)(?=[/\\])))"
_SITES = "|".join(code_words.SITE_ENDINGS)
_SCHEMES = (
    r"[Hh]ttps?|HTTPS?|ftp|ssh|git|file|wss?|s3|gs|postgres(?:ql)?|mysql|redis|mongodb|vscode|magnet|ipfs|docker|oci"
)
_IN_LINK = rf"[^\s<>\"`|{_FOREIGN}]"
_CUE = r"[Pp]ull [Rr]equests?|[Mm]erge [Rr]equests?|[Ii]ssues?|ISSUES?|PRs?|prs?|MRs?|mrs?|GH|gh|(?:[Tt]icket|[Bb]ug|[Tt]ask)(?=#)"
_NUMBER_WORD = r"(?:n[º°o]\.? ?|[Nn]umber |[Nn]úmero |[Nn]umero |[Nn]ummer |[Nn]r\.? ?)?"
_AT_START = "|".join(
    (
        rf"(?P<link>(?:{_SCHEMES})://{_IN_LINK}+)",
        rf"(?P<site>(?:[A-Za-z0-9\-]++\.)+?(?:{_SITES})(?::[0-9]+)?/{_IN_LINK}*)",
        rf"(?P<run>[{_NO_DOT}]*+(?:[/\\]|\.(?=[{_LETTER}./\\]))(?:{_RUN})*+)",
        rf"(?P<cue>(?P<word>{_CUE})(?P<gap>(?:-|: ?| )?{_NUMBER_WORD}[#!]?)(?P<cued>[1-9][0-9]{{0,6}})(?![0-9]))",
        rf"(?P<hex>[0-9a-f]{{7,}}+|[0-9A-F]{{7,}}+)(?![{_LETTER}])",
        rf"(?P<name>{NAMES})(?![{_LETTER}])",
    )
)
_HERE = rf"(?<![{_IN_PATH}/\\])(?:{_AT_START})|(?P<mark>[#!])(?P<marked>[1-9][0-9]{{0,5}})(?![0-9])"
_CODE = r"(?<!`)(?P<ticks>`++)(?P<inner>[^`\n]++)`"
_QUOTED = rf"(?<=[\"'“«])(?P<quoted>[{_IN_PATH}]++/[{_IN_PATH}/]*+ [{_IN_PATH}/ ]*+)(?<![ /])(?=[\"'”»])"
_IN_WIDE = (
    rf"(?<![{_IN_PATH}{_WIDE}/\\])(?P<wide>[{_NO_DOT}]*+[./\\]?[{_IN_PATH}/\\]*+[{_WIDE}][{_IN_PATH}{_WIDE}/\\]*+)"
)
_PLAIN = re.compile(_HERE)
_SCAN = re.compile(f"{_CODE}|{_QUOTED}|{_HERE}")
_PLAIN_WIDE = re.compile(f"{_IN_WIDE}|{_HERE}")
_SCAN_WIDE = re.compile(f"{_CODE}|{_QUOTED}|{_IN_WIDE}|{_HERE}")
_HAS_WIDE = re.compile(f"[{_WIDE}]")
_WIDE_PATH = re.compile(
    rf"(?:[{_WIDE}]*+(?=[/\\.])|(?![{_WIDE}]))[{_IN_PATH}{_WIDE}/\\]*?\.(?:{ENDINGS})(?=[{_WIDE}.]|$)"
)
"""A path from its beginning on; where letters without spaces stand directly in front of others, it begins with the latter."""

_LINE_WORD = r"строк[аеиу]|lines?|linhas?|líneas?|lineas?|zeilen?|lignes?|ln|l\.|السطر|سطر"
_TO = r" ?(?:[-–—:]|to|a|até|hasta|bis) ?L?"
_WHERE = r"at|on|in|around|near|na|nas|en la|en las|em|in der|à la|في"
_NOT_MORE = r"(?![0-9A-Za-z_%]|[.,][0-9])"
_BEHIND = re.compile(
    "|".join(
        (
            rf"(?:`?:L?|\+)([0-9]{{1,7}})(?:[-–]L?([0-9]{{1,7}})|:[0-9]{{1,5}}(?:-[0-9]{{1,5}})?|(?:,[0-9]{{1,7}}){{1,9}})?{_NOT_MORE}",
            rf"#L?([0-9]{{1,7}})(?:C[0-9]+)?(?:[-–]L?([0-9]{{1,7}})(?:C[0-9]+)?)?{_NOT_MORE}",
            r"\(([0-9]{1,7})(?:, ?[0-9]{1,7}){0,3}\)()",
            rf"[\"'`”’]?(?:[,:]| @| [-–—])?[ \u00a0]?(?P<bracket>[(\[])?(?:(?:{_WHERE}) )?(?:{_LINE_WORD}) ?"
            rf"([0-9]{{1,7}})(?:{_TO}([0-9]{{1,7}}))?{_NOT_MORE}"
            r"(?(bracket)[)\]]?)",
            r"`? ?の ?([0-9]{1,7})(?:[-–〜~]([0-9]{1,7}))?行目?",
            r"`? ?第 ?([0-9]{1,7})(?: ?[-–〜~至到] ?([0-9]{1,7}))? ?行",
            r"`?(?:의)? ([0-9]{1,7})(?:[-–~]([0-9]{1,7}))?(?:행|번째 ?줄|줄)",
            rf"`?(?: [-–—]|,)? (?P<square>[(\[])?L([0-9]{{1,7}})(?:[-–]L?([0-9]{{1,7}}))?{_NOT_MORE}(?(square)[)\]]?)",
        )
    ),
    re.IGNORECASE,
)
"""Lines behind a path; two groups for each form."""
_ANCHOR = re.compile(r"#[A-Za-z][A-Za-z0-9_%-]{0,99}")
"""A heading or a name in a file, behind its path."""
_WITH_HEADINGS = re.compile(r"\.(?:md|markdown|mdown|mkd|rst|adoc|org|html?)$", re.IGNORECASE)
_ENDING_IN_WORD = re.compile(rf"(.*\.(?:{ENDINGS}))-[A-Za-zÀ-ɏ]+")
_SEVERAL_WORDS = re.compile(rf"\.(?:{ENDINGS}) | -|  ")
_PLUS_LINE = re.compile(r"(.+\.[A-Za-z0-9]+)\+[0-9]{1,7}")
_IN_FRONT = re.compile(
    rf"(?i)(?:(?:{_LINE_WORD})(?: n[º°o]\.?)? ?([0-9]{{1,7}})(?:{_TO}([0-9]{{1,7}}))? (?:of|in|from|at|"
    r"do|da|de|del|no|na|en|em|von|aus)"
    r"(?: the| o| a| el| la| der| file| ficheiro| arquivo| archivo){0,2}|(?:n?vim?|less|nano|emacs) \+([0-9]{1,7})()) [\"'`]?$"
)
"""Lines in front of a path."""
_IN_PATCH = re.compile(r"(?:^|\n)(?:diff --git (?:a/\S* )?|--- |\+\+\+ )$")
_CODE_FOLDER = re.compile(rf"[{_IN_PATH}/\\()\[\]]*[/\\][{_IN_PATH}/\\()\[\]]*")
_HEX = re.compile(r"[0-9a-f]{7,}")
_SIGNS = re.compile("[a-f]+|[0-9]+")
_NUMBER_OF_PROJECT = re.compile(rf"([#!])([1-9][0-9]{{0,6}})(?![{_LETTER}#%\-])")
_PROJECT = re.compile(r"[A-Za-z0-9][\w.\-]*(?:/[A-Za-z0-9_.][\w.\-]*)+")
_AT_COMMIT = re.compile(r"([A-Za-z0-9][\w.\-]*)/([\w.\-]+)@([0-9a-f]{7,40})")

_NO_COMMIT = re.compile(
    r"(?i)(?:orders?|pedidos?|bestellung|voucher|coupon|cupom|cupón|gutschein|códigos?|codigos?|codes?|session|sessão|token|"
    r"passwords?|senha|tracking|rastreio|ticket|transaction|transação|serial|licen[cs]e|containers?|pods?|image|imagem|colou?r|cor|"
    r"farbe|device|md5(?:sum)?|sha-?(?:1|256|512)(?:sum)?|checksum|btih|tx(?:id)?(?: hash)?|etag|uuid|guid|"
    r"trace|request|user|wallet|address|key|chave|كود(?: الخصم)?|コード|"
    r"docker (?:logs|exec|stop|rm|rmi|kill|inspect|start|restart|attach|cp)(?: -\S+)*)(?: id| nº| no\.?| número| number)?"
    r"(?: is| é| es| ist)?[\"']?[:=]? ?[\"'`(]?$|(?<!commit)(?<!git)_(?:hash|id|sum)[\"'=:` ]*$"
)
_EXPLICIT_COMMIT = re.compile(
    r"(?i)(?:\bcommits?(?: id| hash| sha)?|\bgit (?:show|checkout|switch|revert|cherry-pick|diff|log|reset|blame|merge|rebase|"
    r"branch|tag|describe|bisect (?:good|bad|start))(?: -\S+){0,3})[\"'`:=(]{0,2} ?[\"'`(]?$"
)
"""What is followed by a commit, also by one that looks like a number or a word."""
_NAMED_COMMIT = re.compile(r"(?i)\b(?:sha|rev|revision|git_hash|commit_hash)[\"'`:= ]{0,3}$")
_ROUND_OR_DAY = re.compile(r"[0-9]+000|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_INDEX_OF_PATCH = re.compile(r"(?:^|\n)index $")
_COMMIT_CUE = re.compile(r"(?i)(?:commits?|sha|rev|revision|ref|git_hash|commit_hash|head)[\"'`:= ]*$")
_NO_SHA = re.compile(r"(?:19|20)[0-9]{6}[a-f]|[0-9]{8}[a-f]|[0-9]*0{4}[a-f]|[0-9]e[0-9]0*")
_UNIT = re.compile(rf"(?i)[ \u00a0\-]?(?:{code_words.UNITS})(?![\w])")
_PERIODICAL = re.compile(
    r"(?i)magazine|comics?\b|revista|zeitschrift|journal|newsletter|fanzine|edition|marvel|gibi|heft\b"
)
_COLOUR = re.compile(
    r"(?i)(?:colou?r|\bcor\b|farbe|background|\bbg\b|border|fill|stroke|hex|\bcss\b|cinza|gr[ae]y|shade)"
)
_ISSUE_CUE = re.compile(
    r"(?i)(?:issues?|prs?|mrs?|pull requests?|merge requests?|pull|bugs?|tickets?|tasks?|fix(?:es|ed|ing)?|clos(?:es?|ed|ing)|"
    r"resolv(?:es?|ed|ing|i|e)|refs?|see|merged?|merging|review(?:ed|ing)?|revert(?:s|ed)?|duplicate of|dup of|dupe of|implements|"
    r"addresses|related to|part of|reopen(?:ed)?|blocked by|depends on|fech(?:a|ou|ei|ado)|corrige|arreglé|cierra|schließt|behebt|"
    r"aufgabe|tarefa|tarea|chamado|defect|story|card|"
    r"\b(?:i|you|who|can|me|please|(?:some|any)(?:one|body)|i'll|we'll) (?:take|grab|tackle|handle|own|pick up|look at)|"
    r"siehe|veja|vide|課題|修正|チケット|イシュー)[:：]? ?[(\[]?$"
)
_OF_A_YEAR = re.compile(
    r"(?i) (?:numbers?|figures?|results?|reports?|budgets?|strateg(?:y|ies)|plans?|goals?|campaigns?|calendar|stats|growth|"
    r"targets?|awards?|trends?|events?)\b"
)
"""What a year has and a pull request has not."""
_COUNTED = re.compile(rf"(?i)(?:^|[^\w])(?:{code_words.NUMBERED})[.:]? ?$")
_RANKED_BY = re.compile(rf"(?i)(?:^|[^\w])(?:{code_words.RANKED_BY}) ?$")
_BARE_FIRST = re.compile(rf"(?:^|[\s(*])#1(?![{_LETTER}])")
_AND = re.compile(r"(?:,? ?(?:and|or|e|y|und|ou|o|oder|&|\+)? ?|/)(?:#|!)?")
_MORE = re.compile(r"(?:, ?|,? (?:and|or|e|y|und|ou|oder|&) |/)([1-9][0-9]{0,6})(?![0-9])")
_BEFORE = 40
"""Letters in front of a number or commit that are asked what it counts."""
_SPACED = re.compile(rf"[{_IN_PATH}]+/[{_IN_PATH}/ ]+")
_HAS_LETTER = re.compile("[A-Za-z]")
_DOTS = re.compile(r"\.{2,3}")
_DRIVE = re.compile(rf"(?:^|[^{_LETTER}])?[A-Za-z]:")
_HYPHENED = re.compile(rf"-[{_LETTER}]")
_HYPHENED_SMALL = re.compile("-[a-z]")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_GOES_ON = re.compile(rf"[{_LETTER}#%\ufe0f\u20e3°º]|-[{_LETTER}]|[.,:/][0-9]")
_MAY_PRECEDE = re.compile(rf"(?:^|[^{_LETTER}#&=./\\?@%$!\-]|[0-9]/|[0-9]-|(?:^|\s)-)$")
_ISSUE_BEHIND = re.compile(
    r"(?i) (?:issue|pr|bug|ticket|branch|patch|(?:is|was|got|has been) (?:merged|fixed|done|closed|open|reopened))\b"
)
_RANK_BEHIND = re.compile(rf"(?i) (?:{code_words.RANKS})(?![\w])")
_RANKED_NOUN = re.compile(rf"(?i) (?:{code_words.RANKED})(?![\w])")
_CALLED = re.compile(r"[^.!?:\s] [A-ZÀ-Þ][a-zà-ÿ]+ $")
"""A word with a capital letter that begins no sentence: what is called so has a number."""
_ASKED = re.compile(r"(?i)(?:^|[.!?\n] ?|\b(?:and|so|but|e) )(?:is|was|are) $")
_BEHIND_PATH = ".-+@~$/\\"
_BEHIND_LINK = ".,;:!?'*~…"
_CLOSING = "\"'`”’"
_LONGEST_PATH = 400


def detect(text: str) -> list[Mention]:
    """Return what ``text`` may mention, in its order. Costs what the text is long."""
    return list(_Reader(text).read(0, len(text)))


class _Reader:
    """Reads one text from left to right. Questions about the whole text are asked once, when first needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.in_code = False
        self.last_number = -_BEFORE
        self.is_wide = _HAS_WIDE.search(text) is not None

    def read(self, start: int, end: int) -> Iterator[Mention]:
        """Yield the mentions between ``start`` and ``end``."""
        return self._found(_SCAN_WIDE if self.is_wide else _SCAN, start, end)

    def _plain(self, start: int, end: int) -> Iterator[Mention]:
        """Yield the mentions in what stands in marks."""
        return self._found(_PLAIN_WIDE if self.is_wide else _PLAIN, start, end)

    def _found(self, pattern: re.Pattern[str], start: int, end: int) -> Iterator[Mention]:
        self.place = start
        while found := pattern.search(self.text, self.place, end):
            self.place = found.end()
            yield from _HANDLERS[found.lastgroup or ""](self, found)

    @cached_property
    def lists_ranks(self) -> bool:
        """Whether the text counts from #1 on."""
        return _BARE_FIRST.search(self.text) is not None

    @cached_property
    def is_about_colours(self) -> bool:
        return _COLOUR.search(self.text) is not None

    @cached_property
    def is_about_periodicals(self) -> bool:
        return _PERIODICAL.search(self.text) is not None

    @cached_property
    def is_shouted(self) -> bool:
        return self.text.isupper() and " " in self.text

    def code(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read what stands in code marks, where also folders and names with spaces are told."""
        start, end, inner = found.start("inner"), found.end("inner"), found["inner"]
        body = inner.strip()
        start += inner.find(body)
        behind = found.end()
        if " " in body and _SPACED.fullmatch(body) and _is_one_path(body):
            yield self._path(body, start, start + len(body))
            return
        self.in_code, mentioned = True, False
        for mention in self._plain(start, end):
            mentioned = True
            yield mention
        self.in_code = False
        if not mentioned and _is_told_in_code(body):
            yield self._path(body, start, start + len(body))
        self.place = max(self.place, behind)

    def quoted(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read what stands in quotes and has spaces behind a slash."""
        start, end = found.span("quoted")
        if _is_one_path(found["quoted"]):
            yield self._path(found["quoted"], start, end)
        else:
            yield from self._plain(start, end)

    def wide(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read letters among which are some of scripts without spaces: a path with such, else what stands among them."""
        start, run = found.start(), found[0]
        path = _WIDE_PATH.match(run) if len(run) <= _LONGEST_PATH else None
        if path and _HAS_WIDE.search(path[0]) and (self.in_code or "/" in path[0] or "\\" in path[0]):
            self.place = start + path.end()
            if mention := self._file(path[0], start):
                yield mention
                return
        yield from self._found(_PLAIN, start, found.end())
        self.place = max(self.place, found.end())

    def link(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read a link as a whole: what stands in it is nothing by itself."""
        mention = pointed_to(_without_marks(found[0]))
        if mention:
            yield mention

    def run(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read letters with a slash or an inner dot: a path, a range of commits, the number of a named project."""
        start, end, run = found.start(), found.end(), found[0]
        if (
            end - start > _LONGEST_PATH
            or run[:4] in ("www.", "Www.", "WWW.")
            or (start and self._goes_on(self.text[start - 1], run[0]))
        ):
            return
        body = _bare(run)
        start += run.find(body)
        if ".." in body and _INDEX_OF_PATCH.search(self.text, max(0, start - _BEFORE), start):
            return  # ids of files
        if ".." in body and (shas := [part for part in _DOTS.split(body) if _is_commit(part)]):
            yield from (Mention("commit", sha, sha=sha) for sha in shas)
        elif "@" in body[1:]:
            yield from self._at(body, start)
        elif _is_commit(body):
            yield Mention("commit", body, sha=body)
        elif mention := self._project_number(body, start + len(body)):
            yield mention
        elif _are_files(body):
            for name in body.split("/"):
                yield self._path(name, start, start + len(name))
                start += len(name) + 1
        elif mention := self._file(body, start):
            yield mention

    def _goes_on(self, before: str, first: str) -> bool:
        """Return whether what stands in front belongs to the run: a pattern of names, a placeholder."""
        return before in "%" or (before in "*}])>" and first in "./\\_-")

    def _at(self, body: str, start: int) -> Iterator[Mention]:
        if found := _AT_COMMIT.fullmatch(body):
            if _is_commit(found[3]):
                yield Mention("commit", body, owner=found[1], repository=found[2], sha=found[3])
        elif "/" in body[: body.index("@", 1)]:
            name = body.rpartition("/")[2]
            cut = body if "@" not in name[1:] else body[: body.rindex("@")]
            if mention := self._file(cut, start):
                yield mention

    def _project_number(self, body: str, end: int) -> Mention | None:
        if self.text[end : end + 1] not in ("#", "!") or not _PROJECT.fullmatch(body) or not _HAS_LETTER.search(body):
            return None
        found = _NUMBER_OF_PROJECT.match(self.text, end)
        owner, _, repository = body.rpartition("/")
        if found and body.isupper() and _RANKED_NOUN.match(self.text, found.end()):
            return None
        if not found or (code_words.is_file(repository, True, True) and not code_words.is_product(repository)):
            return None
        self.place = self.last_number = found.end()
        kind = "issue" if found[1] == "#" else "merge_request"
        return Mention(kind, body + found[0], owner=owner, repository=repository, number=int(found[2]))

    def _file(self, body: str, start: int) -> Mention | None:
        """Return the mention of a file, if ``body`` names one."""
        end = start + len(body)
        _, slash, name = body.replace("\\", "/").rpartition("/")
        if not code_words.may_be_file(name):
            longer = _ENDING_IN_WORD.fullmatch(name) or _PLUS_LINE.fullmatch(name)
            if not longer:
                return None
            end -= len(name) - len(longer[1])
            body, name = body[: end - start], longer[1]
        behind = _BEHIND.match(self.text, end)
        if self.text[end : end + 1] in ("(", "[") and not behind:
            return None
        if slash and code_words.are_products(body.split("/")):
            return None
        if not code_words.is_file(name, self.in_code or behind is not None, bool(slash)):
            return None
        if slash and start > 1 and self.text[start - 1] == ":" and _DRIVE.match(self.text, max(0, start - 3), start):
            body, start = self.text[start - 2 : end], start - 2
        return self._path(body, start, end)

    def _path(self, body: str, start: int, end: int) -> Mention:
        """Return the mention of the path ``body`` with the lines that are named behind it."""
        behind = _BEHIND.match(self.text, end)
        raw, numbers = body, list[str]()
        if behind:
            self.place = behind.end()
            numbers = [number for number in behind.groups() if number and number.isdecimal()]
            if behind[0][0] not in _CLOSING:
                raw = self.text[start : behind.end()]
        elif in_front := _IN_FRONT.search(self.text, max(0, start - 2 * _BEFORE), start):
            numbers = [number for number in in_front.groups() if number]
        elif anchor := _ANCHOR.match(self.text, end):
            self.place = anchor.end()
            raw = self.text[start : anchor.end()] if _WITH_HEADINGS.search(body) else body
        first, last = lines(*numbers)
        if body.startswith(("a/", "b/")) and _IN_PATCH.search(self.text, max(0, start - _LONGEST_PATH), start):
            body = body[2:]
        return Mention("path", raw, path=_normal(body), line_from=first, line_to=last)

    def cue(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read a number with the word for what it counts."""
        word, gap, end = found["word"], found["gap"], found.end()
        sign = gap[-1:] in ("#", "!")
        if not gap or (word in ("GH", "gh") and gap[0] != "-") or self._counts_on(end):
            return
        many = word[-1] in "sS"
        if not sign and (":" in gap or word in ("prs", "mrs") or self._is_count(word, found["cued"], end)):
            return
        kind = "merge_request" if word[0] in "mM" or gap[-1] == "!" else "issue"
        self.last_number = end
        yield Mention(kind, found[0], number=int(found["cued"]))
        while many and not sign and (more := _MORE.match(self.text, self.place)) and not self._counts_on(more.end()):
            if _UNIT.match(self.text, more.end()):
                break
            self.place = more.end()
            yield Mention(kind, more[1], number=int(more[1]))

    def _counts_on(self, end: int) -> bool:
        """Return whether the digits before ``end`` are part of something longer: a time, an amount, a name, a range."""
        return _GOES_ON.match(self.text, end) is not None

    def _is_count(self, word: str, number: str, end: int) -> bool:
        if _UNIT.match(self.text, end) or (_YEAR.fullmatch(number) and _OF_A_YEAR.match(self.text, end)):
            return True
        if word[0] not in "iI":
            return False
        if word[-1] in "sS" and not _MORE.match(self.text, end):
            return True
        return _YEAR.fullmatch(number) is not None or self.is_about_periodicals

    def hex(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read a word of hexadecimal digits."""
        sha, start, end = found[0], found.start(), found.end()
        before = self.text[max(0, start - _BEFORE) : start]
        if before[-1:] in ("#", "&", "%", "?", "\\", "*") and before[-2:] != "**":
            return
        if self.text[end : end + 1] in ("=", "%") or _HYPHENED.match(self.text, end):
            return
        if self._is_explicit(sha, before, end):
            yield Mention("commit", sha, sha=sha.lower())
            return
        if not _is_commit(sha, 32):
            return
        cued = _COMMIT_CUE.search(before)
        if cued or (before[-1:] != "=" and _is_commit(sha) and not _NO_COMMIT.search(before)):
            yield Mention("commit", sha, sha=sha)

    def _is_explicit(self, word: str, before: str, end: int) -> bool:
        """Return whether ``word`` is called a commit: then it may look like a number or a word, or stand in capitals."""
        if not 7 <= len(word) <= 40 and len(word) != 64:
            return False
        if word.isdigit():
            is_count = _ROUND_OR_DAY.fullmatch(word) or _UNIT.match(self.text, end)
            return is_count is None and _EXPLICIT_COMMIT.search(before) is not None
        if word.isalpha():
            return _EXPLICIT_COMMIT.search(before) is not None
        return (_EXPLICIT_COMMIT.search(before) or _NAMED_COMMIT.search(before)) is not None

    def name(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read the name of a file that has no ending."""
        before, after = self.text[max(0, found.start() - 1) : found.start()], self.text[found.end() : found.end() + 1]
        if (
            before not in ("#", "$", "%")
            and after not in ("=", "(")
            and not _HYPHENED_SMALL.match(self.text, found.end())
            and not (self.is_shouted and found[0].isupper())
        ):
            yield self._path(found[0], found.start(), found.end())

    def marked(self, found: re.Match[str]) -> Iterator[Mention]:
        """Read a number behind a mark alone."""
        start, end, number = found.start(), found.end(), int(found["marked"])
        before = self.text[max(0, start - _BEFORE) : start]
        if not _MAY_PRECEDE.search(before) or self._counts_on(end):
            return
        if found["mark"] == "!":
            if number > 1 and (not before or before[-1] in " \n\t([`") and not _UNIT.match(self.text, end):
                yield Mention("merge_request", found[0], number=number)
            return
        if self._is_cued(before, start, end) or not self._is_rank_or_count(before, found["marked"], end):
            self.last_number = end
            yield Mention("issue", found[0], number=number)

    def _is_cued(self, before: str, start: int, end: int) -> bool:
        if before[-1:] == "(" and self.text[end : end + 1] == ")" and self.text[start + 1 : end] != "1":
            return True
        if 0 <= start - self.last_number <= 6 and _AND.fullmatch(self.text, self.last_number, start):
            return True
        return _ISSUE_CUE.search(before) is not None or _ISSUE_BEHIND.match(self.text, end) is not None

    def _is_rank_or_count(self, before: str, digits: str, end: int) -> bool:
        number = int(digits)
        if number == 1 or number > 99_999 or _YEAR.fullmatch(digits) or _COUNTED.search(before):
            return True
        if len(digits) == 3 and self.is_about_colours:
            return True
        if number <= 10 and (self.lists_ranks or _RANK_BEHIND.match(self.text, end)):
            return True
        if number <= 10 and _RANKED_BY.search(before) and not _ASKED.search(before):
            return True
        if number <= 100 and _CALLED.search(before):
            return True
        return number <= 100 and _RANKED_NOUN.match(self.text, end) is not None


_HANDLERS: dict[str, Callable[[_Reader, re.Match[str]], Iterator[Mention]]] = {
    "inner": _Reader.code,
    "quoted": _Reader.quoted,
    "wide": _Reader.wide,
    "link": _Reader.link,
    "site": _Reader.link,
    "run": _Reader.run,
    "cue": _Reader.cue,
    "hex": _Reader.hex,
    "name": _Reader.name,
    "marked": _Reader.marked,
}


def _is_commit(word: str, but: int = 0) -> bool:
    """Return whether ``word`` can be a commit: whole, or shortened and neither a number nor a word nor a date.

    32 digits are a checksum or an id, unless ``but`` lets them be.
    """
    if not _HEX.fullmatch(word) or (len(word) > 40 and len(word) != 64):
        return False
    if len(word) in (40, 64):
        return True
    runs = _SIGNS.findall(word)
    if len(runs) == 1 or len(set(word)) < 4 or (len(word) == 32 != but) or _NO_SHA.fullmatch(word):
        return False
    spelt = [run for run in runs if run > "9"]
    return max(map(len, spelt)) < 3 or not all(run in code_words.HEX_WORDS for run in spelt)


def _is_one_path(body: str) -> bool:
    """Return whether ``body``, with spaces, is one path and neither a command nor several paths."""
    folder, _, name = body.rpartition("/")
    if " " in body.partition("/")[0] or _SEVERAL_WORDS.search(body):
        return False
    return bool(folder) and "." in name and code_words.is_file(name, True, True)


def _are_files(body: str) -> bool:
    """Return whether slashes stand between names of files: setup.py/pyproject.toml."""
    parts = body.split("/")
    return len(parts) > 1 and all(code_words.is_file(part, False, False) for part in parts)


def _is_told_in_code(body: str) -> bool:
    if body in code_words.OTHER_PLAIN_NAMES:
        return True
    return _CODE_FOLDER.fullmatch(body) is not None and code_words.is_folder_path(body.replace("\\", "/"))


def _bare(run: str) -> str:
    """Return ``run`` without what stands around a path: marks of lists and of emphasis, the end of a sentence."""
    body = run.rstrip(_BEHIND_PATH)
    if not body.startswith(("+page", "+layout", "+server", "+error")):
        body = body.lstrip("+")
    body = body.lstrip("-").removeprefix("~~")
    if body.startswith("_") and body.endswith("_"):
        body = body.strip("_")
    if body.startswith("@") and not body.startswith("@/"):
        body = body[1:]
    if body.startswith("//"):
        return body.lstrip("/")
    return body.lstrip(".") if body.startswith("...") else body


def _normal(path: str) -> str:
    normal = path.replace("\\_", "_").replace("\\", "/")
    while normal.startswith(("./", "@/")):
        normal = normal[2:].lstrip("/")
    return normal.rstrip("/") or path


def _without_marks(link: str) -> str:
    """Return ``link`` without the marks of a sentence behind it, and without brackets that were opened in front of it."""
    spare = {closing: link.count(closing) - link.count(opening) for opening, closing in ("()", "[]", "{}")}
    end = len(link)
    while end and (link[end - 1] in _BEHIND_LINK or spare.get(link[end - 1], 0) > 0):
        end -= 1
        if link[end] in spare:
            spare[link[end]] -= 1
    return link[:end]
