"""RE2 patterns of what is private and has a form of its own: keys, links that carry them, machine addresses, account numbers.

Each comes with a cheap question that is true wherever the pattern can match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PLACEHOLDERS = ("card", "email", "iban", "id", "ip", "name", "number", "phone", "secret")
"""Words that stand in brackets for what was taken out."""
ALIAS = r"\bmember-[0-9a-f]{10}\b"
"""Where it ends a letter may stand that is none of ASCII: Python is to be told so (``re.ASCII``), RE2 takes it so."""
PSEUDONYM = re.compile(ALIAS, re.ASCII)
PLACEHOLDER = rf"\[(?:{'|'.join(PLACEHOLDERS)})\]"

AT = "@＠﹫"

_KEY_FORMS = (
    r"gh[oprsu]_[A-Za-z0-9]{16,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"gl(?:pat|dt|rt)-[A-Za-z0-9_\-]{16,}",
    r"sk-(?:[A-Za-z0-9_]+-)*[A-Za-z0-9_]{20,}[A-Za-z0-9_\-]*",
    r"[prs]k_(?:live|test)_[A-Za-z0-9]{10,}",
    r"xox[a-z]-[A-Za-z0-9\-]{10,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"AIza[A-Za-z0-9_\-]{30,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"hf_[A-Za-z0-9]{30,}",
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"ya29\.[A-Za-z0-9_\-]{16,}",
    r"AccountKey=[A-Za-z0-9+/=]{16,}",
    r"SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}",
    r"(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_\-]{30,}",
    r"eyJ[A-Za-z0-9_\-]{5,}(?:\.[A-Za-z0-9_\-]+){1,4}",
    r"(?:[Bb]earer|[Bb]asic) [A-Za-z0-9._~+/\-]{16,}=*",
    r"hooks\.slack\.com/services/[A-Za-z0-9/_\-]+",
    r"discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_\-]+",
    r"chat\.whatsapp\.com/[A-Za-z0-9]{10,}",
    r"(?:t|telegram)\.me/(?:\+|joinchat/)[A-Za-z0-9_\-]{8,}",
)
KEY = rf"(^|[^A-Za-z0-9])(?:{'|'.join(_KEY_FORMS)})"
PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^\-]*(?:-----END [A-Z ]*-----)?"
KEY_BEGINNINGS = (
    *(
        "AKIA",
        "ASIA",
        "AIza",
        "eyJ",
        ":AA",
        "SG.",
        "PRIVATE KEY",
        "github_pat_",
        "glpat-",
        "gldt-",
        "glrt-",
        "hf_",
        "npm_",
        "whsec_",
        "ya29.",
        "AccountKey=",
    ),
    *("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "k_live_", "k_test_", "sk-", "xox"),
    *("earer ", "asic ", "hooks.slack.com/", "/api/webhooks/", "chat.whatsapp.com/", ".me/+", ".me/joinchat/"),
)

_WORDS_FOR_IT = (
    "pass(?:word|wort|code|phrase)|senha|contraseña|mot de passe|parola|пароль|كلمة (?:السر|المرور)|パスワード|密码|"
    "(?:api|access|secret)[ _-]?(?:key|token)"
)
PASSWORD_WORDS = f"(?i:{_WORDS_FOR_IT})"
PASSWORD_QUESTION = f"(?i:{_WORDS_FOR_IT}|token ?[:=：])"
_BEHIND = r"[ \t]?[:=：][ \t]{0,2}[\"'`]?"
_VALUE = r"[^\s\[\"'`]"
PASSWORD = (
    rf"((?i:{_WORDS_FOR_IT})[A-Za-z_]*(?:{_BEHIND}))[^\s\[\"'`][^\s\"'`]{{3,}}|"
    rf"((?i:{_WORDS_FOR_IT}) (?:is|was|é|es|ist|est) )[^\s\[]*[0-9!@#$%&*]\S*|"
    rf"((?i:{_WORDS_FOR_IT}) )[A-Za-z][^\s\[0-9]{{2,}}[0-9][^\s\[]+|"
    rf"((?i:token){_BEHIND})(?:[A-Za-z]{_VALUE}*[0-9]|[0-9]{_VALUE}*[A-Za-z]){_VALUE}{{2,}}"
)
"""What follows a word for a password and a colon; "is" if it has a digit or sign; a space if it has letters and then digits;
and what has both behind a token's colon. Groups 1 to 4 are what stands in front.
"""

_TELLING_PARTS = "auth|credential|jwt|passw(?:or)?d|pwd|secret|session|signature|token"
_TELLING_WORDS = (
    r"access|(?:[a-z]+[_\-]|access|api|app|client|licen[cs]e|private|public|resource|rl)?key|"
    r"code|invite|oauth[a-z_]*|otp|passcode|pass|pin|sid|sig|sign|ticket|verification[a-z_]*"
)
_TELLING_NAME = rf"[A-Za-z0-9_.\-]*(?:{_TELLING_PARTS})[A-Za-z0-9_.\-]*"
_PARAMETER_BEGINS = "[?&;#]|%(?:25)*(?:3f|26|23|3b)"
_EQUALS = "(?:=|%(?:25)*3[dD])"


def _not_beginning(word: str) -> str:
    """Return the pattern of one letter after as many of ``word``'s as it has: RE2 knows no other way to say that it is not."""
    return "|".join(f"{re.escape(word[:place])}[^\\s{re.escape(letter)}]" for place, letter in enumerate(word))


_PARAMETER_VALUE = rf"""["'`(<{{]*(?:[^\s&#\[\]<>"'`]+|\[(?:{_not_beginning("secret]")})[^\s&#]*)"""
PARAMETER = (
    rf"((?i:(?:{_PARAMETER_BEGINS})(?:{_TELLING_NAME}|{_TELLING_WORDS})|/{_TELLING_NAME})(?:\[\])?{_EQUALS})"
    rf"{_PARAMETER_VALUE}"
)
"""A parameter of a link whose name says that its value opens something, in quotes or brackets or not; group 1 is all but the
value. Behind a slash, where the address of a page may go on, only names that are said of nothing else.
"""
CREDENTIALS = rf"(://)[^\s/?#{AT}\[\]]+[^\s/?#\[\]]*[{AT}]"
"""``user:password@`` in a link; group 1 is what stands in front of it."""

_NO_DIGIT_NEAR = r"((?:^|[^\p{Nd}.．。])[.．。]*|[.．。]{2,})"
_OTHER_DIGIT = r"[^\P{Nd}0-9]"
_OCTET = rf"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9]|{_OTHER_DIGIT}{{1,3}})"
_POINT = r"(?:\[?[.．。]\]?| [.．。] )"
IPV4 = rf"{_NO_DIGIT_NEAR}{_OCTET}(?:{_POINT}{_OCTET}){{3}}($|[^\p{{Nd}}.．。]|[.．。](?:$|[^\p{{Nd}}]))"
"""Four numbers of one byte. A fifth makes it the number of a section; three are a version."""
_HEX = "[0-9A-Fa-f]{1,4}"
_FIRST = "(?:[23][0-9A-Fa-f]{3}|[fF][c-fC-F][0-9A-Fa-f]{2})"
_NO_HEX_NEAR = "(^|[^0-9A-Za-z_:])"
_IPV6_FORMS = (
    rf"(?:{_HEX}:){{7}}{_HEX}",
    rf"{_FIRST}(?::{_HEX}){{0,6}}::(?:{_HEX}(?::{_HEX}){{0,5}})?",
)
IPV6 = rf"{_NO_HEX_NEAR}(?:{'|'.join(_IPV6_FORMS)})($|[^0-9A-Za-z_:]|:(?:$|[^0-9A-Za-z_:]))"
"""Eight groups, or fewer with ``::`` where the first is one that networks give out: code is full of ``a::b`` and ``[1::2]``."""
IP_QUESTION = rf"\p{{Nd}}{_POINT}\p{{Nd}}{{1,3}}{_POINT}\p{{Nd}}|[0-9A-Fa-f]:[0-9A-Fa-f]{{0,4}}:"

_DIGIT = "[0-9٠-٩۰-۹０-９]"
_LETTER = "[A-Za-zＡ-Ｚａ-ｚ]"
_EITHER = "[0-9A-Za-z٠-٩۰-۹Ａ-Ｚａ-ｚ０-９]"
_SPACES = "\u00a0\u2009\u202f\u3000"
_IBAN_GAP = r"[ .\-/·•_\t\n]"
_GAP = rf"(?:{_IBAN_GAP[:-1]}{_SPACES}]{{0,3}})"
_WIDE = f"[٠-٩۰-۹Ａ-Ｚａ-ｚ０-９{_SPACES}]"
_PLAIN = {
    **{
        chr(code): chr(code - 0xFEE0)
        for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
    },
    **{chr(first + digit): str(digit) for first in (0x0660, 0x06F0) for digit in range(10)},
    **dict.fromkeys(_SPACES, " "),
}
_ELEMENTS = {"n": "[0-9]", "a": "[A-Za-z]", "c": "[0-9A-Za-z]"}

IBAN_FORMS = {
    "n11": "NO",
    "n12": "BE",
    "n14": "DK FI FO GL SD",
    "n15": "SI",
    "n16": "AT BA EE LT MN XK",
    "n17": "HR",
    "n18": "DE ME RS VA CR",
    "n19": "AE IL TL SO",
    "n20": "CZ ES SE SK TN",
    "n21": "LY PT ST",
    "n22": "IS",
    "n23": "BI DJ MR",
    "n24": "HU PL",
    "n25": "EG",
    "n2 c18": "SA",
    "n3 c10 n2": "MK",
    "n3 c13": "KZ LU",
    "n3 c16": "OM",
    "n4 c20": "LB",
    "n5 c12": "CH LI",
    "n6 c16": "TR",
    "n6 c19": "UA",
    "n7 c16": "GR",
    "n8 c12": "AD",
    "n8 c16": "AL CY",
    "n10 c11 n2": "FR MC",
    "n14 c15": "RU",
    "n23 a1 c1": "BR",
    "a1 n10 c12": "IT SM",
    "a2 n12": "FK",
    "a2 n16": "GE",
    "a4 n6 c8": "BG",
    "a4 n5 c18": "MT",
    "a4 n10": "NL",
    "a4 n14": "GB IE",
    "a4 n15": "IQ",
    "a4 n16": "VG",
    "a4 n19 a3": "MU",
    "a4 n20": "SV NI",
    "a4 n20 a3": "SC",
    "a4 n4 c18": "JO YE",
    "a4 c13": "LV",
    "a4 c14": "BH",
    "a4 c15": "GI",
    "a4 c16": "PK RO",
    "a4 c20": "AZ",
    "a4 c21": "PS QA",
    "a4 c22": "KW",
    "a4 c24": "LC",
    "c4 n4 c16": "BY",
    "c4 c20": "DO GT",
    "c2 c18": "MD",
}
"""Forms of account numbers behind country and check digits, by SWIFT's registry: digits (n), letters (a) or either (c)."""


def _iban_pattern() -> str:
    return "|".join(
        rf"(?i:{countries.replace(' ', '|')})[0-9]{{2}}{''.join(_groups(form))}"
        for form, countries in IBAN_FORMS.items()
    )


def _groups(form: str) -> Iterator[str]:
    """Yield one pattern per letter or digit, with the gap that people write before every fourth."""
    elements = [_ELEMENTS[part[0]] for part in form.split() for _ in range(int(part[1:]))]
    for place, element in enumerate(elements):
        yield f"{_IBAN_GAP}*{element}" if place % 4 == 0 else element


def in_plain_signs(text: str) -> str:
    """Return SQL for ``text`` with the digits and letters in which ``IBAN`` reads account numbers: the pattern stays small."""
    plain = f"translate({text}, '{''.join(_PLAIN)}', '{''.join(_PLAIN.values())}')"
    return f"CASE WHEN regexp_matches({text}, '{_WIDE}') THEN {plain} ELSE {text} END"


IBAN = _iban_pattern()
IBAN_QUESTION = rf"{_LETTER}{{2}}{_DIGIT}{{2}}{_GAP}{_EITHER}{{4}}{_GAP}{_EITHER}{{4}}{_GAP}{_EITHER}{{3}}"


def has_key(text: str) -> str:
    """Return the cheap SQL question whether ``text`` may hold a key: one pattern is a third of asking for each beginning."""
    return f"regexp_matches({text}, '{'|'.join(map(re.escape, KEY_BEGINNINGS))}')"
