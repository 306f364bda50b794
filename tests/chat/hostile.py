"""Hostile exports: each function writes one file into a folder, from a seed, and says in data what reading it owes us."""

from __future__ import annotations

import bz2
import codecs
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from egregora_assets.chat.formats.text_chunks import MAX_LINE_BYTES
from egregora_assets.chat.formats.whatsapp_scan import MAX_AUTHOR_BYTES, MAX_BODY_BYTES
from tests.chat.test_archive import bomb, packed, special, with_flag, with_size

Row = tuple[str, str | None, str]
"""Local time (ISO), author, text."""

NO_UTF8 = "bytes that are no UTF-8, replaced by U+FFFD"
NULS = "NUL bytes removed"
NO_DATE = "the date or time does not exist"
BEFORE = "text before the first message"
LINE_CUT = f"line cut after {MAX_LINE_BYTES} bytes"
MESSAGE_CUT = f"message cut after {MAX_BODY_BYTES} bytes"
NO_MESSAGE = "holds no"
NO_ARCHIVE = "no readable ZIP"

_WORDS = "the garden meets at ten, bring olá and 👋 or a: b - c — שלום 名前 50% {0} \\n".split()


@dataclass(frozen=True)
class Loaded:
    """The file gives these rows, all of them and in this order, and as many quarantined pieces of each reason."""

    path: Path
    rows: list[Row]
    reasons: dict[str, int]


@dataclass(frozen=True)
class Refused:
    """The file is refused with a sentence that has these words."""

    path: Path
    words: str


Hostile = Callable[[Path, Random], Loaded | Refused]

EXPORTS: dict[str, Hostile] = {}
SLOW: set[str] = set()


def hostile(write: Hostile) -> Hostile:
    EXPORTS[write.__name__] = write
    return write


def hostile_and_slow(write: Hostile) -> Hostile:
    SLOW.add(write.__name__)
    return hostile(write)


class Chat:
    """An Android export in the making, with the rows and the quarantined pieces that it should give."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.moment = datetime(2024, 3, 13, 9, 0)
        self.data = bytearray()
        self.rows: list[Row] = []
        self.reasons: Counter[str] = Counter()

    def header(self) -> str:
        self.moment += timedelta(minutes=self.random.randrange(1, 400))
        return f"{self.moment:%d/%m/%Y, %H:%M} - "

    def say(self, body: str | bytes, reads: str | None = None, author: str = "Ana", shown: str | None = None) -> Chat:
        """Add a message; ``reads`` is what its text should be and ``shown`` the author, where they differ."""
        self.data += self.header().encode() + author.encode() + b": " + as_bytes(body) + b"\n"
        self.rows.append((self.moment.isoformat(), shown or author, str(body) if reads is None else reads))
        return self

    def sound(self, count: int = 3) -> Chat:
        """Add messages with nothing wrong about them."""
        for _ in range(count):
            words = " ".join(self.random.choices(_WORDS, k=self.random.randrange(1, 9)))
            self.say(f"so {words}", author=self.random.choice(["Ana", "Bruno Reis", "+55 11 91234-5678"]))
        return self

    def go_on(self, line: str | bytes, reads: str | None = None) -> Chat:
        """Add a line that belongs to the last message."""
        self.data += as_bytes(line) + b"\n"
        moment, author, text = self.rows[-1]
        self.rows[-1] = (moment, author, f"{text}\n{line if reads is None else reads}")
        return self

    def refuse(self, line: str | bytes, reason: str) -> Chat:
        """Add a line that gives no row."""
        self.data += as_bytes(line) + b"\n"
        return self.mend(reason)

    def mend(self, reason: str, count: int = 1) -> Chat:
        self.reasons[reason] += count
        return self

    def write(self, path: Path, data: bytes | None = None) -> Loaded:
        path.write_bytes(self.data if data is None else data)
        return Loaded(path, self.rows, dict(self.reasons))

    def pack(self, path: Path, *others: tuple[str | zipfile.ZipInfo, bytes]) -> Loaded:
        """Write an archive with ``others`` before the chat."""
        packed(path, [*others, ("_chat.txt", bytes(self.data))])
        return Loaded(path, self.rows, dict(self.reasons))


def as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def refused(path: Path, data: bytes, words: str) -> Refused:
    path.write_bytes(data)
    return Refused(path, words)


# Texts: length


@hostile
def twenty_million_characters_without_a_header(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", b"x" * 20_000_000, NO_MESSAGE)


@hostile
def twenty_million_characters_in_one_message(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    body = MAX_LINE_BYTES - len("13/03/2024, 10:30 - Ana: ")
    return chat.say("x" * 20_000_000, "x" * body).mend(LINE_CUT).sound().write(folder / "chat.txt")


@hostile
def a_million_lines_in_one_message(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    body = "and more\n" * 1_000_000
    return chat.say(body, body[:MAX_BODY_BYTES]).mend(MESSAGE_CUT).sound().write(folder / "chat.txt")


@hostile
def a_million_empty_lines_in_one_message(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    return chat.say("a" + "\n" * 1_000_000 + "b").sound().write(folder / "chat.txt")


@hostile
def spaces_after_the_time(folder: Path, random: Random) -> Loaded:
    line = f"13/03/2024, 10:30{' ' * 200_000}- Ana: hello"
    return Chat(random).sound().go_on(line).sound().write(folder / "chat.txt")


@hostile
def spaces_after_the_dash(folder: Path, random: Random) -> Loaded:
    spaces = " " * 200_000
    return Chat(random).sound().say(f"{spaces}hello{spaces}").sound().write(folder / "chat.txt")


@hostile
def an_endless_word_of_other_letters(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().say("é" * 200_000).go_on("ß" * 200_000 + ": x")
    return chat.sound().write(folder / "chat.txt")


@hostile
def an_endless_author(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    longest = "é" * (MAX_AUTHOR_BYTES // 2)
    chat.say("hello", author=longest)
    chat.data += f"{chat.header()}{longest}é: hello\n".encode()
    chat.rows.append((chat.moment.isoformat(), None, f"{longest}é: hello"))
    return chat.sound().write(folder / "chat.txt")


@hostile
def five_thousand_digits(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().go_on("1" * 5000 + ": x").say("2" * 5000)
    return chat.sound().write(folder / "chat.txt")


@hostile
def five_thousand_digits_first(folder: Path, random: Random) -> Loaded:
    return Chat(random).refuse("1" * 5000 + ": x", BEFORE).sound().write(folder / "chat.txt")


@hostile
def all_but_a_header_a_hundred_thousand_times(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    lines = "\n".join(f"13/03/2024, 10:30 {number:x}- Ana: x" for number in range(100_000))
    return chat.say(lines, lines[:MAX_BODY_BYTES]).mend(MESSAGE_CUT).sound().write(folder / "chat.txt")


@hostile
def a_long_list_before_the_first_message(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).refuse("12 eggs\n" * 3000, BEFORE)
    return chat.sound().write(folder / "chat.txt")


@hostile
def more_than_a_megabyte_before_the_first_message(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).refuse("no message in here\n" * 60_000, BEFORE)
    return chat.sound(2000).write(folder / "chat.txt")


@hostile
def a_pasted_log_with_more_lines_than_the_sample(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound(10)
    for second in range(2000):
        chat.go_on(f"2024-03-13 10:{second % 60:02d}:00 - started")
    return chat.sound(4000).write(folder / "chat.txt")


@hostile_and_slow
def two_hundred_thousand_authors(folder: Path, random: Random) -> Loaded:
    chat = Chat(random)
    for number in range(200_000):
        chat.say("hi", author=f"Person {number} has changed hat den")
    return chat.write(folder / "chat.txt")


# Texts: bytes


@hostile
def nul_bytes(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().say(b"\0n\0ul\0", "nul").mend(NULS)
    chat.say("three").go_on(b"\0" * 1000, "").mend(NULS)
    return chat.sound().write(folder / "chat.txt")


@hostile
def a_nul_in_the_header(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    start = len(chat.data)
    chat.say("hello").mend(NULS)
    chat.data[start:start] = b"\0\0"
    return chat.sound().write(folder / "chat.txt")


@hostile
def bytes_that_are_no_utf8(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for raw, text in ((b"\xff\xfe", "\ufffd\ufffd"), (b"\xc3", "\ufffd"), (b"\xf4\x90\x80\x80", "\ufffd" * 4)):
        chat.say(b"a" + raw + b"b", f"a{text}b").mend(NO_UTF8)
    return chat.say(b"ol\xe1", "ol\ufffd").mend(NO_UTF8).sound().write(folder / "chat.txt")


@hostile
def lone_surrogates(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for lone in ("\ud800", "\udfff", "\udc00\ud800"):
        chat.say(lone.encode("utf-8", "surrogatepass"), "\ufffd" * 3 * len(lone)).mend(NO_UTF8)
    return chat.sound().write(folder / "chat.txt")


@hostile
def utf16_little_endian(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound(30)
    return chat.write(folder / "chat.txt", codecs.BOM_UTF16_LE + chat.data.decode().encode("utf-16-le"))


@hostile
def utf16_big_endian(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound(30)
    return chat.write(folder / "chat.txt", codecs.BOM_UTF16_BE + chat.data.decode().encode("utf-16-be"))


@hostile
def utf16_with_a_lone_surrogate_and_half_a_character(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().say("lone \ufffd here").sound()
    text = chat.data.decode().encode("utf-16").replace("\ufffd".encode("utf-16-le"), b"\x00\xd8")
    chat.rows[-1] = (*chat.rows[-1][:2], chat.rows[-1][2] + "\n\ufffd")
    return chat.write(folder / "chat.txt", text + b"x")


@hostile
def utf32(folder: Path, random: Random) -> Loaded:
    chat = Chat(random)
    for number in range(30):
        chat.say(f"olá {number}")
    return chat.mend(NULS, 31).write(folder / "chat.txt", chat.data.decode().encode("utf-32"))


@hostile
def utf16_without_a_mark(folder: Path, random: Random) -> Loaded:
    chat = Chat(random)
    for number in range(30):
        chat.say(f"hello {number}")
    return chat.mend(NULS, 31).write(folder / "chat.txt", chat.data.decode().encode("utf-16-le"))


@hostile
def a_byte_order_mark(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound(30)
    return chat.write(folder / "chat.txt", codecs.BOM_UTF8 + chat.data)


@hostile
def a_byte_order_mark_before_every_line(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound(30)
    lines = bytes(chat.data).splitlines(keepends=True)
    return chat.write(folder / "chat.txt", b"".join(codecs.BOM_UTF8 + line for line in lines))


@hostile
def line_ends_of_windows(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().go_on("").go_on("last").sound()
    return chat.write(folder / "chat.txt", chat.data.replace(b"\n", b"\r\n"))


@hostile
def line_ends_of_old_macs(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().go_on("").go_on("last").sound()
    return chat.write(folder / "chat.txt", chat.data.replace(b"\n", b"\r"))


@hostile
def a_long_first_line_with_a_carriage_return_in_it(folder: Path, random: Random) -> Loaded:
    """Only its first megabyte has no line feed; what follows has the line ends of Windows all the same."""
    chat = Chat(random)
    body = "x" * 600_000 + "\r" + "y" * 500_000
    chat.say(body, body[:MAX_BODY_BYTES].replace("\r", "")).mend(MESSAGE_CUT)
    chat.say("one\ntwo\n\nfour").sound()
    return chat.write(folder / "chat.txt", chat.data.replace(b"\n", b"\r\n"))


@hostile
def line_ends_that_are_none(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for separator in "\v\f\x1c\x1d\x1e\x85\u2028\u2029":
        chat.say(f"one{separator}13/03/2024, 10:30 - Bruno: two")
    return chat.say(b"\xff\v\x1c", "\ufffd\v\x1c").mend(NO_UTF8).sound().write(folder / "chat.txt")


@hostile
def the_last_line_is_cut_in_a_character(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().say("olá \ufffd").mend(NO_UTF8)
    return chat.write(folder / "chat.txt", chat.data.replace("\ufffd\n".encode(), "👋".encode()[:2]))


@hostile
def the_last_line_is_cut_in_its_header(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().go_on("13/03/2024, 1")
    return chat.write(folder / "chat.txt", chat.data[:-1])


@hostile
def empty(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", b"", NO_MESSAGE)


@hostile
def only_line_ends(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", b"\n\r\n\r" * 100_000, NO_MESSAGE)


@hostile
def only_nuls(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", bytes(3_000_000), NO_MESSAGE)


@hostile
def only_a_byte_order_mark(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", random.choice([codecs.BOM_UTF8, codecs.BOM_UTF16_LE]), NO_MESSAGE)


@hostile
def random_bytes(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", b"x" + random.randbytes(300_000), NO_MESSAGE)


# Texts: dates


@hostile
def dates_in_four_orders(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    chat.go_on("2024-03-14, 10:30 - Ana: c").go_on("14.03.24, 10:30 - Ana: d").go_on("[14/03/2024, 10:30:00] Ana: e")
    chat.refuse("12/26/2023, 10:30 - Ana: b", NO_DATE)
    return chat.sound().write(folder / "chat.txt")


@hostile
def years_that_nobody_wrote_in(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for year, is_kept in (("0000", False), ("1970", True), ("9999", False), ("2124", True), ("2199", True)):
        line = f"25/12/{year}, 10:30 - Ana: in {year}"
        if is_kept:
            chat.data += f"{line}\n".encode()
            chat.rows.append((f"{year}-12-25T10:30:00", "Ana", f"in {year}"))
        else:
            chat.refuse(line, NO_DATE)
    return chat.sound().write(folder / "chat.txt")


@hostile
def dates_and_times_that_do_not_exist(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for moment in ("31/02/2024, 10:00", "29/02/2023, 10:00", "99/99/9999, 10:00", "00/00/2024, 10:00"):
        chat.refuse(f"{moment} - Bruno: lost\nwith a second line", NO_DATE)
        chat.sound(1)
    for clock in ("24:00", "25:61", "10:60", "99:99"):
        chat.refuse(f"13/03/2024, {clock} - Bruno: lost", NO_DATE)
    return chat.sound().write(folder / "chat.txt")


@hostile
def digits_of_other_scripts(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for line in (
        "１３/０３/２０２４, １０:３０ - Ana: x",
        "١٣/٠٣/٢٠٢٤, ١٠:٣٠ - Ana: x",
        "1३/03/2024, 10:30 - Ana: x",
        "²/³/2024, 10:30 - A: x",
    ):
        chat.go_on(line)
    return chat.sound().write(folder / "chat.txt")


@hostile
def the_file_twice_in_a_row(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound(30)
    once = codecs.BOM_UTF8 + chat.data
    chat.rows *= 2
    return chat.write(folder / "chat.txt", once * 2)


@hostile
def a_header_inside_a_message(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().say("Bruno wrote:")
    chat.data += b"01/01/2020, 08:00 - Bruno: old news\n"
    chat.rows.append(("2020-01-01T08:00:00", "Bruno", "old news"))
    return chat.go_on("> 01/01/2020, 08:00 - Bruno: quoted").sound().write(folder / "chat.txt")


# Texts: words


@hostile
def names_that_look_alike(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for author, shown in (
        ("Ana", "Ana"),
        ("\u202eanA\u202c", "anA"),
        ("\u2068Ana\u2069", "Ana"),
        ("Ａｎａ", "Ａｎａ"),
        ("A\u200bna", "A\u200bna"),
        ("Аna", "Аna"),
        ("Ana\u0301", "Ana\u0301"),
    ):
        chat.say("hello \u202egnirts\u202c", author=author, shown=shown)
    return chat.sound().write(folder / "chat.txt")


@hostile
def a_thousand_marks_upon_one_letter(folder: Path, random: Random) -> Loaded:
    return Chat(random).sound().say("a" + "\u0301" * 100_000).sound().write(folder / "chat.txt")


@hostile
def formulas_and_statements(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for text in (
        '=HYPERLINK("http://example.org")',
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "'); DROP TABLE messages; --",
        "\\x00 \\u0000 %s %n {0} ${jndi:ldap://x} $(id) `id`",
        "NULL",
        "\x1b[31mred\x1b[0m\x07\x08",
        "<script>alert(1)</script>",
    ):
        chat.say(text, author="=cmd|'x'!A0").say(text, author="a'); DROP TABLE messages; --")
    return chat.sound().write(folder / "chat.txt")


@hostile
def colons_and_dashes_everywhere(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().say(" - : - : " * 20_000 + "!").say("13/03/2024, 10:30 - Bruno: x", author="-")
    return chat.sound().write(folder / "chat.txt")


@hostile
def unclosed_brackets_everywhere(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    for body in ("<a: " * 50_000, " (a.b" * 50_000, "POLL:\n" + "a (1 " * 50_000, "maps://" * 50_000 + "("):
        chat.say(body + "!")
    return chat.sound().write(folder / "chat.txt")


# Names of files


@hostile
def a_file_name_with_control_characters(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat \x1b[2J\r\n\u202etxt.txt", b"no chat", NO_MESSAGE)


@hostile
def a_file_name_that_is_no_utf8(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat caf\udce9.txt", b"no chat", NO_MESSAGE)


# Archives: names


@hostile
def names_that_climb_out(folder: Path, random: Random) -> Loaded:
    names = ["../up.jpg", "../../up.jpg", "/tmp/absolute.jpg", "..\\up.jpg", "C:\\up.jpg", "a/../../b.jpg", "CON", " "]
    return Chat(random).sound().pack(folder / "export.zip", *[(name, b"x") for name in names])


@hostile
def media_that_stand_twice(folder: Path, random: Random) -> Loaded:
    with pytest.warns(UserWarning, match="Duplicate"):
        return Chat(random).sound().pack(folder / "export.zip", ("a.jpg", b"x"), ("a.jpg", b"y"))


@hostile
def a_chat_that_stands_twice(folder: Path, random: Random) -> Refused:
    with pytest.warns(UserWarning, match="Duplicate"):
        chat = Chat(random).sound().pack(folder / "export.zip", ("_chat.txt", b"forged"))
    return Refused(chat.path, "more than once")


@hostile
def two_texts(folder: Path, random: Random) -> Refused:
    data = bytes(Chat(random).sound().data)
    return Refused(packed(folder / "export.zip", {"one.txt": data, "two.txt": data}), "2 texts that may be the chat")


@hostile
def two_texts_with_endless_names(folder: Path, random: Random) -> Refused:
    data = bytes(Chat(random).sound().data)
    names = [f"{letter * 60_000}.txt" for letter in "ab"]
    return Refused(packed(folder / "export.zip", dict.fromkeys(names, data)), "2 texts that may be the chat")


@hostile
def a_folder_named_as_the_chat(folder: Path, random: Random) -> Loaded:
    return Chat(random).sound().pack(folder / "export.zip", ("_chat.txt/", b""), ("_chat.txt/a.txt", b"other"))


@hostile
def a_thousand_folders_deep(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound()
    packed(folder / "export.zip", {"a/" * 1000 + "_chat.txt": bytes(chat.data)})
    return Loaded(folder / "export.zip", chat.rows, {})


@hostile
def ten_thousand_members(folder: Path, random: Random) -> Loaded:
    return Chat(random).sound().pack(folder / "export.zip", *[(f"IMG-{number}.jpg", b"") for number in range(10_000)])


@hostile
def names_in_an_old_code_page(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().pack(folder / "export.zip", ("olXX.jpg", b"x"))
    chat.path.write_bytes(chat.path.read_bytes().replace(b"olXX", b"ol\xff\xe1"))
    return chat


@hostile
def names_that_say_utf8_and_are_not(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().pack(folder / "export.zip", ("olá.jpg", b"x"))
    chat.path.write_bytes(chat.path.read_bytes().replace("á".encode(), b"\xff\xfe"))
    return chat


# Archives: kinds of members


@hostile
def the_chat_is_a_link(folder: Path, random: Random) -> Refused:
    path = packed(folder / "export.zip", [(special("_chat.txt", 0o120000), b"/etc/passwd")])
    return Refused(path, "holds no chat text")


@hostile
def a_link_beside_the_chat(folder: Path, random: Random) -> Loaded:
    return Chat(random).sound().pack(folder / "export.zip", (special("notes.txt", 0o120000), b"/etc/passwd"))


@hostile
def an_archive_in_an_archive(folder: Path, random: Random) -> Refused:
    inner = Chat(random).sound().pack(folder / "inner.zip").path.read_bytes()
    return Refused(packed(folder / "export.zip", {"inner.zip": inner}), "holds no chat text")


@hostile
def an_archive_named_as_the_chat(folder: Path, random: Random) -> Refused:
    inner = Chat(random).sound().pack(folder / "inner.zip").path.read_bytes()
    return Refused(packed(folder / "export.zip", {"_chat.txt": inner}), NO_MESSAGE)


@hostile
def an_archive_without_members(folder: Path, random: Random) -> Refused:
    return refused(folder / "export.zip", b"PK\x05\x06" + bytes(18), "holds no chat text")


@hostile
def an_encrypted_chat(folder: Path, random: Random) -> Refused:
    return Refused(with_flag(Chat(random).sound().pack(folder / "export.zip").path, 1), "unlock the archive first")


@hostile
def a_method_that_nobody_knows(folder: Path, random: Random) -> Refused:
    """Deflate64, Zstandard, PPMd and AES are in the specification of ZIP and not in Python's reader."""
    data = bytearray(Chat(random).sound().pack(folder / "export.zip").path.read_bytes())
    method = struct.pack("<H", random.choice([1, 9, 97, 98, 99, 65535]))
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = data.index(signature) + place
        data[start : start + 2] = method
    return refused(folder / "export.zip", bytes(data), "uncommon method")


# Archives: sizes and places


@hostile_and_slow
def a_gigabyte_of_zeros(folder: Path, random: Random) -> Refused:
    return Refused(bomb(folder / "export.zip"), "decompression bomb")


@hostile
def a_size_that_is_too_small(folder: Path, random: Random) -> Refused:
    data = Chat(random).sound(100).pack(folder / "export.zip").path.read_bytes()
    return refused(folder / "export.zip", with_size(data, 100), "'_chat.txt' is damaged")


@hostile
def a_size_that_is_too_large(folder: Path, random: Random) -> Refused:
    data = Chat(random).sound(100).pack(folder / "export.zip").path.read_bytes()
    return refused(folder / "export.zip", with_size(data, 1 << 20), "as the archive says")


@hostile
def a_bzip2_bomb_that_lies_about_its_size(folder: Path, random: Random) -> Refused:
    return refused(folder / "export.zip", bzip2_bomb(16 << 20), "")


def bzip2_bomb(size: int) -> bytes:
    """Return an archive whose chat says it has 1000 bytes and unpacks to ``size`` zeros."""
    compressor, zeros = bz2.BZ2Compressor(), bytes(1 << 20)
    squeezed = b"".join(compressor.compress(zeros) for _ in range(size >> 20)) + compressor.flush()
    return raw_archive([Member(b"_chat.txt", squeezed, method=zipfile.ZIP_BZIP2, size=1000)])


@hostile
def members_that_overlap(folder: Path, random: Random) -> Loaded:
    """Each of 200 pictures holds the header and the bytes of the next one, the last of them the chat.

    https://www.bamsoftware.com/hacks/zipbomb/ builds a bomb of 10 MB → 281 TB this way.
    """
    chat = Chat(random).sound()
    members = [Member(b"_chat.txt", bytes(chat.data))]
    for number in range(200):
        inner = members[-1]
        members.append(Member(b"%03d.jpg" % number, inner.local_header() + inner.data))
    outermost = members[-1].local_header() + members[-1].data
    directory, place = b"", len(outermost)
    for member in members:
        place -= len(member.data) + len(member.local_header()) if member is members[0] else len(member.local_header())
        directory += member.entry(place)
    (folder / "export.zip").write_bytes(outermost + directory + end_of_archive(len(members), directory, outermost))
    return Loaded(folder / "export.zip", chat.rows, {})


@hostile
def two_names_for_the_same_bytes(folder: Path, random: Random) -> Refused:
    """The directory calls the chat another name than stands before its bytes."""
    chat = Member(b"_chat.txt", bytes(Chat(random).sound().data))
    body = chat.local_header() + chat.data
    directory = Member(b"other.txt", chat.data).entry(0)
    return refused(folder / "export.zip", body + directory + end_of_archive(1, directory, body), "'other.txt'")


@hostile
def a_place_outside_of_the_file(folder: Path, random: Random) -> Refused:
    chat = Member(b"_chat.txt", bytes(Chat(random).sound().data))
    body = chat.local_header() + chat.data
    place = struct.pack("<HHQ", 1, 8, random.choice([1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]))
    directory = chat.entry(0xFFFFFFFF, extra=place)
    return refused(folder / "export.zip", body + directory + end_of_archive(1, directory, body), "")


@hostile
def an_extra_field_that_goes_on_past_its_end(folder: Path, random: Random) -> Refused:
    chat = Member(b"_chat.txt", bytes(Chat(random).sound().data))
    body = chat.local_header() + chat.data
    directory = chat.entry(0, extra=struct.pack("<HH", 1, 60_000) + b"xx")
    return refused(folder / "export.zip", body + directory + end_of_archive(1, directory, body), NO_ARCHIVE)


# Archives: around the members


@hostile
def the_longest_comment(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().pack(folder / "export.zip")
    with zipfile.ZipFile(chat.path, "a") as archive:
        archive.comment = b"x" * 65_535
    return chat


@hostile
def a_comment_with_the_end_of_another_archive(folder: Path, random: Random) -> Refused:
    chat = Chat(random).sound().pack(folder / "export.zip")
    with zipfile.ZipFile(chat.path, "a") as archive:
        archive.comment = b"PK\x05\x06" + b"x" * 1000
    return Refused(chat.path, NO_ARCHIVE)


@hostile
def a_program_before_the_archive(folder: Path, random: Random) -> Loaded:
    chat = Chat(random).sound().pack(folder / "export.zip")
    chat.path.write_bytes(b"MZ" + random.randbytes(5000) + chat.path.read_bytes())
    return chat


@hostile
def a_truncated_archive(folder: Path, random: Random) -> Refused:
    data = Chat(random).sound(100).pack(folder / "export.zip").path.read_bytes()
    return refused(folder / "export.zip", data[: random.randrange(10, len(data) - 30)], NO_ARCHIVE)


@hostile
def no_archive_at_all(folder: Path, random: Random) -> Refused:
    return refused(folder / "export.zip", bytes(Chat(random).sound().data), NO_ARCHIVE)


@hostile
def a_text_that_begins_as_an_archive(folder: Path, random: Random) -> Refused:
    return refused(folder / "chat.txt", b"PK\x03\x04\n" + bytes(Chat(random).sound().data), NO_ARCHIVE)


@dataclass(frozen=True)
class Member:
    """One member as bytes, so that its headers can say anything. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"""

    name: bytes
    data: bytes
    method: int = zipfile.ZIP_STORED
    size: int | None = None

    def _common(self, extra: bytes) -> bytes:
        size = len(self.data) if self.size is None else self.size
        crc = zlib.crc32(self.data) if self.size is None else 0
        return struct.pack("<HHHHIIIHH", 0, self.method, 0, 33, crc, len(self.data), size, len(self.name), len(extra))

    def local_header(self) -> bytes:
        return b"PK\x03\x04" + struct.pack("<H", 20) + self._common(b"") + self.name

    def entry(self, place: int, extra: bytes = b"") -> bytes:
        rest = struct.pack("<HHHII", 0, 0, 0, 0, place)
        return b"PK\x01\x02" + struct.pack("<HH", 20, 20) + self._common(extra) + rest + self.name + extra


def raw_archive(members: list[Member]) -> bytes:
    body = directory = b""
    for member in members:
        directory += member.entry(len(body))
        body += member.local_header() + member.data
    return body + directory + end_of_archive(len(members), directory, body)


def end_of_archive(members: int, directory: bytes, body: bytes) -> bytes:
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, members, members, len(directory), len(body), 0)
