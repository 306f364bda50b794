"""Nothing of a kind that has a form of its own survives in any surrounding text, and it is called by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.privacy.numbers import is_card, is_cpf, is_iban, kind
from tests.privacy.test_scrub import AROUND, MARKS, leaking, scrub_one, scrubbed
from tests.properties import dear

ASCII_DIGITS = "0123456789"
SCRIPTS = (ASCII_DIGITS, "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "०१२३४५६७८९")
MORE_AROUND = (
    *AROUND,
    ("não é ", ", não"),
    ("به ", " زنگ بزن"),
    ("口座", "です。"),
    ("👩\u200d👧 ", " 🏳\ufe0f\u200d🌈"),
    ("é", "é"),
)

digits = st.text(ASCII_DIGITS, min_size=1)
letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
IBANS = {
    "DE": "n18",
    "BE": "n12",
    "NO": "n11",
    "GB": "a4n14",
    "FR": "n10c11n2",
    "PT": "n21",
    "MT": "a4n5c18",
    "BR": "n23a1c1",
}
LENGTHS = {"DE": 22, "BE": 16, "NO": 15, "GB": 22, "FR": 27, "PT": 25, "MT": 31, "BR": 29}


@st.composite
def cards(draw: st.DrawFn) -> str:
    length, groups = draw(
        st.sampled_from([(16, (4, 4, 4, 4)), (15, (4, 6, 5)), (14, (4, 6, 4)), (19, (4, 4, 4, 4, 3))])
    )
    body = draw(st.sampled_from("3456")) + draw(st.text(ASCII_DIGITS, min_size=length - 2, max_size=length - 2))
    number = next(body + digit for digit in ASCII_DIGITS if is_card(body + digit))
    return grouped(number, groups, draw(st.sampled_from(["", " ", "-"])))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(sorted(IBANS)))
    bban = ""
    for element in IBANS[country].replace("n", " n").replace("a", " a").replace("c", " c").split():
        alphabet = {"n": ASCII_DIGITS, "a": letters, "c": ASCII_DIGITS + letters}[element[0]]
        bban += draw(st.text(alphabet, min_size=int(element[1:]), max_size=int(element[1:])))
    check = next(f"{number:02}" for number in range(2, 99) if is_iban(f"{country}{number:02}{bban}"))
    whole = country + check + bban
    assert len(whole) == LENGTHS[country]
    written = grouped(whole, (4,) * 9, draw(st.sampled_from(["", " ", "-"])))
    return draw(st.sampled_from([written, written.lower()]))


@st.composite
def taxpayers(draw: st.DrawFn) -> str:
    body = draw(st.text(ASCII_DIGITS, min_size=9, max_size=9).filter(lambda text: len(set(text)) > 1))
    number = next(f"{body}{check:02}" for check in range(100) if is_cpf(f"{body}{check:02}"))
    return draw(st.sampled_from([number, f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"]))


@st.composite
def insured(draw: st.DrawFn) -> str:
    area = draw(st.integers(1, 899).filter(lambda area: area != 666))
    gap = draw(st.sampled_from(" -"))
    return f"{area:03}{gap}{draw(st.integers(1, 99)):02}{gap}{draw(st.integers(1, 9999)):04}"


@st.composite
def phones(draw: st.DrawFn) -> str:
    region = draw(st.sampled_from(sorted({"BR", "PT", "GB", "US", "DE", "JP", "IN", "NG", "AE", "FR", "AU"})))
    form = draw(st.sampled_from([phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164]))
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, form)


def grouped(text: str, sizes: tuple[int, ...], gap: str) -> str:
    parts, rest = [], text
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    return gap.join(part for part in (*parts, rest) if part)


octet = st.integers(0, 255).map(str)
ipv4 = st.lists(octet, min_size=4, max_size=4).map(".".join)
group = st.integers(0, 0xFFFF).map("{:x}".format)
prefix = st.sampled_from(["2001", "2a02", "fe80", "fd00"])
ipv6 = st.one_of(
    st.builds(lambda first, rest: ":".join([first, *rest]), prefix, st.lists(group, min_size=7, max_size=7)),
    st.builds(lambda first, rest: f"{first}::{':'.join(rest)}", prefix, st.lists(group, min_size=0, max_size=5)),
)
token_text = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36, max_size=40)
keys = st.one_of(
    token_text.map("ghp_{}".format),
    token_text.map("sk-{}".format),
    token_text.map("sk-proj-ab-{}".format),
    token_text.map("xoxb-{}".format),
    st.text(letters + ASCII_DIGITS, min_size=16, max_size=16).map("AKIA{}".format),
    st.tuples(token_text, token_text, token_text).map(lambda parts: "eyJ{}.{}.{}".format(*parts)),
)
KINDS: dict[str, tuple[st.SearchStrategy[str], str]] = {
    "card": (cards(), "[card]"),
    "iban": (ibans(), "[iban]"),
    "taxpayer": (taxpayers(), "[id]"),
    "insured": (insured(), "[id]"),
    "phone": (phones(), "[phone]"),
    "ipv4": (ipv4, "[ip]"),
    "ipv6": (ipv6, "[ip]"),
    "key": (keys, "[secret]"),
}
IN_ANY_SCRIPT = ("card", "taxpayer", "insured", "phone", "ipv4")


@cache
def around_as_scrubbed() -> list[tuple[str, str]]:
    """Return what stands around without the joiners that nothing needs there."""
    parts = scrubbed([part for around in MORE_AROUND for part in around])
    return list(zip(parts[::2], parts[1::2], strict=True))


def drawn(data: st.DataObject, kinds: Iterable[str] = KINDS) -> dict[str, str]:
    """Draw one of each of these kinds."""
    return {name: data.draw(KINDS[name][0], label=name) for name in kinds}


@dear(4, 2)
@given(st.data())
def test_each_kind_is_gone_wherever_it_stands(data: st.DataObject) -> None:
    texts, wanted = [], []
    for name, found in drawn(data).items():
        shown = KINDS[name][1]
        around = MORE_AROUND, around_as_scrubbed()
        if name == "key":  # a letter beside it is a part of it
            around = ([("it is ", " now"), ("(", ")"), ("電話は", "")],) * 2
        texts += [before + found + after for before, after in around[0]]
        wanted += [before + shown + after for before, after in around[1]]
    results = scrubbed(texts)
    assert results == wanted
    assert leaking([*texts, *results]) == texts


@hypothesis_settings(max_examples=3, deadline=None)
@given(st.data())
def test_digits_of_any_script_are_digits(data: st.DataObject) -> None:
    kinds = drawn(data, IN_ANY_SCRIPT)
    scripts = [
        written.translate(str.maketrans(ASCII_DIGITS, script)) for written in kinds.values() for script in SCRIPTS
    ]
    assert scrubbed(scripts) == [KINDS[name][1] for name in kinds for _ in SCRIPTS]


@hypothesis_settings(max_examples=3, deadline=None)
@given(st.data())
def test_no_invisible_mark_hides_any_kind(data: st.DataObject) -> None:
    kinds, marked = drawn(data), []
    for found in kinds.values():
        place, mark = data.draw(st.integers(1, len(found) - 1)), data.draw(st.sampled_from(MARKS))
        marked.append(f"say {found[:place]}{mark}{found[place:]} now")
    shown = ["".join(character for character in text if character not in MARKS) for text in scrubbed(marked)]
    assert shown == [f"say {KINDS[name][1]} now" for name in kinds]


LINKS = {
    "https://user:pass@host.example/x?y=1": "https://host.example/x?y=1",
    "postgres://admin:p@ss@db.example/x": "postgres://db.example/x",
    "https://x.example/cb?code=abc&state=1&token=z%2F.z#access_token=aa": (
        "https://x.example/cb?code=[secret]&state=1&token=[secret]#access_token=[secret]"
    ),
    "https://x.example/?X-Amz-Signature=abc&X-Amz-Credential=foo": (
        "https://x.example/?X-Amz-Signature=[secret]&X-Amz-Credential=[secret]"
    ),
    "https://x.example/?api_key=1&sig=2&Password=3&sessionid=4": (
        "https://x.example/?api_key=[secret]&sig=[secret]&Password=[secret]&sessionid=[secret]"
    ),
    "https://x.example/?next=%3Ftoken%3Dabc": "https://x.example/?next=%3Ftoken%3D[secret]",
}


def test_links_keep_all_but_what_opens_something() -> None:
    cleaned = list(LINKS.values())
    assert scrubbed([*LINKS, *cleaned]) == [*cleaned, *cleaned]
    assert leaking([*LINKS, *cleaned]) == list(LINKS)
    hidden = "https://x.example/?to\u200bken=abc and ?\u200dtoken=b"
    assert scrub_one(hidden) == "https://x.example/?token=[secret] and ?token=[secret]"


def test_a_private_key_is_gone_with_its_lines() -> None:
    text = "here:\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\nAAAA+/==\n-----END OPENSSH PRIVATE KEY-----\nbye"
    assert scrub_one(text) == "here:\n[secret]\nbye"
    assert leaking([text]) == [text]


ORDINARY = [
    "3.11.7",
    "v1.2.3 and 1.2.3.4.5",
    "300.1.2.3",
    "10:30",
    "10:30:45",
    "192",
    "192.168",
    "2001-01-31",
    "std::vector<int> a::b x[1::2] ::1",
    "aa:bb:cc",
    "978-0-13-468599-1",
    "R$ 1.250,00",
    "be12 people came to the garden club",
    "task-management-and-something-internationally",
    "https://x.example/watch?v=dQw4w9WgXcQ&t=10",
    "https://x.example/?zipcode=123&monkey=5&page=x",
    "https://medium.example/@user/x",
    "key=5, code=7",
    "the password is in the drawer",
    "I forgot my password: oh no",
    "#hashtag ghosts skate sky",
    "deadbeef cafe",
    "8f14e45fceea167a5a36dedd4bea2543deadbeef",
    "① water ② weed ③ rest",
    "1\u20e3 2\u20e3 3\u20e3 go",
    "912,345,678 and 1_000_000 and 100_000_000",
    "2024/11/22 and 22/11/2024, 4/5, 120/80, 1/2/3",
    "the password oauth2 flow",
    "max_token: 4096, token: none, token: v2",
    "10[.]5 and 3[.]11[.]7",
    "50%40 off",
    "1990\n1994\n1998\n2002",
    "1990\t1994\t1998\t2002",
    "120 130\n140",
    "12\n30\n45",
    "1. 2. 3. 4. done",
    "see /token and /tokens/list, and/or a/b=c",
    "f(1234)",
    "2 (3) 4567",
    "chapter 3 (page 12)",
    "https://x.example/?q=%25C3&page=2",
    "ラーメン3ー4杯",
    "10_000_000",
    "order 12-3456",
    "3·4·5",
]


def test_ordinary_texts_stay() -> None:
    assert scrubbed(ORDINARY) == ORDINARY
    assert leaking(ORDINARY) == []


NAMED: dict[str, tuple[str, ...]] = {
    "card": ("4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444"),
    "iban": ("DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "no93 8601 1117 947"),
    "id": ("529.982.247-25", "52998224725", "078-05-1120"),
    "phone": ("+44 20 7946 0958", "0044 20 7946 0958", "(11) 91234-5678", "91234 5678", "+44 (0)7700 900862"),
    "number": ("+999 123 4567", "4111 1111 1111 1112", "GB28NWBK60161331926819", "12345678901234567890"),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_a_number_is_called(name: str) -> None:
    assert [kind(number) for number in NAMED[name]] == [name] * len(NAMED[name])
    assert scrubbed(NAMED[name]) == [f"[{name}]"] * len(NAMED[name])


def valid_everywhere(check: Callable[[str], bool], number: str) -> int:
    """Return how many changes of one digit ``check`` lets pass."""
    changed = (
        number[:place] + other + number[place + 1 :]
        for place in range(len(number))
        for other in ASCII_DIGITS
        if other != number[place]
    )
    return sum(map(check, changed))


def test_a_changed_digit_is_noticed() -> None:
    assert valid_everywhere(is_card, "4111111111111111") == 0
    assert valid_everywhere(is_cpf, "52998224725") == 0
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE88370400440532013000")


@pytest.mark.parametrize("name", ["Id", "Card", "Secret"])
def test_people_called_like_a_new_placeholder_are_hidden_and_placeholders_are_no_leak(name: str) -> None:
    texts = [f"{name}: 4111 1111 1111 1111, 192.168.0.1, 529.982.247-25 and {name}", "sk-" + "a1" * 20]
    result = scrubbed(texts, [name])
    assert leaking(result, [name]) == []
    assert scrubbed(result, [name]) == result
    assert "[[" not in "".join(result)


@pytest.mark.parametrize("name", ["David Philip"])
def test_letters_of_a_placeholder_inside_a_name_are_no_placeholder(name: str) -> None:
    assert scrub_one("David has [id]", name) == "[name] has [id]"


OPENING = (
    "Bearer abcdefghijklmnop.qrstuv",
    "hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv",
    "t.me/+AbCdEfGhIjKl",
    "discord.com/api/webhooks/123456789012345678/AbCdEf-Gh_Ij",
    "whsec_abcdefghijklmnopqrstuvwxyz",
    "ya29.a0AfHabcdefghijklmnop",
    "AccountKey=abcdefghijklmnopqrstuvwxyz==",
)


def test_what_opens_something_without_a_parameter_is_hidden() -> None:
    texts = [f"say {text} now" for text in OPENING]
    assert scrubbed(texts) == ["say [secret] now"] * len(texts)
    assert leaking([*texts, "say [secret] now"]) == texts


PASSWORDS = [
    ("password: hunter-two", "password: [secret]"),
    ("Password=hunter2x and more", "Password=[secret] and more"),
    ("the wifi password is hunter2", "the wifi password is [secret]"),
    ("senha: abcdef", "senha: [secret]"),
    ("contraseña: abcdef", "contraseña: [secret]"),
    ("كلمة السر: abcdef", "كلمة السر: [secret]"),
    ("パスワード：abcdef", "パスワード：[secret]"),
    ("AWS_SECRET_ACCESS_KEY=abcdefABCDEF/XYZ", "AWS_SECRET_ACCESS_KEY=[secret]"),
    ('api_key: "abcdefgh"', 'api_key: "[secret]"'),
]


def test_what_is_said_to_be_a_password_is_hidden() -> None:
    texts, shown = zip(*PASSWORDS, strict=True)
    assert scrubbed(list(texts)) == list(shown)
    assert leaking([*texts, *shown]) == list(texts)


KEYCAPS = "9\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e3 3\ufe0f\u20e34\ufe0f\u20e35\ufe0f\u20e3 6\ufe0f\u20e37\ufe0f\u20e38\ufe0f\u20e3"
DISGUISED = [
    ("https://x.example/?u=ana.secret%40example.com&v=1", "https://x.example/?u=[email]&v=1"),
    (f"call {KEYCAPS} now", "call [phone] now"),
    ("call ⑨①② ③④⑤ ⑥⑦⑧ now", "call [phone] now"),
    ("call ⑨①②⑳④⑤⑥⑩ now", "call [phone] now"),
    ("the box is 10[.]0[.]0[.]1 now", "the box is [ip] now"),
    ("call 912/345/678 now", "call [phone] now"),
    ("call 912·345·678 now", "call [phone] now"),
    ("no 12 3782 822463 10005 now", "no [number] now"),
    ("pay DE89.3704.0044.0532.0130.00 now", "pay [iban] now"),
    ("the password hunter22 opens it", "the password [secret] opens it"),
    ("token: abc123def here", "token: [secret] here"),
]


def test_what_is_written_otherwise_is_hidden_too() -> None:
    texts, shown = zip(*DISGUISED, strict=True)
    assert [text.replace("\u20e3", "") for text in scrubbed(list(texts))] == list(shown)
    assert scrubbed(list(shown)) == list(shown)
    assert leaking(list(shown)) == []


BOT = "123456789:AAH" + "aBcDeFgHiJ" * 3 + "xyz"
WRITTEN_OTHERWISE = {
    f"https://api.telegram.org/bot{BOT}/getMe": "https://api.telegram.org/[secret]/getMe",
    'https://x.example/?token="abcdef"': 'https://x.example/?token=[secret]"',
    "https://x.example/?token=[abcdef] now": "https://x.example/?token=[secret] now",
    "https://x.example/#/login/token=abcdef now": "https://x.example/#/login/token=[secret] now",
    "https://x.example/?token=abc;def&a=1": "https://x.example/?token=[secret]&a=1",
    "https://x.example/?to=%253Ftoken%253Dabcdef": "https://x.example/?to=%253Ftoken%253D[secret]",
    "https://x.example/?rlkey=abcdef&dl=0": "https://x.example/?rlkey=[secret]&dl=0",
    **{gap.join(("4111", "1111", "1111", "1111")): "[card]" for gap in ("\t", "\n", "_", "/", "·", "•", "   ")},
    **{gap.join(("3782", "822463", "10005")): "[card]" for gap in ("\t", "_", "/")},
    **{gap.join(("GB82", "WEST", "1234", "5698", "7654", "32")): "[iban]" for gap in ("\t", "\n", "/", "·", "_", "  ")},
    **{gap.join(("078", "05", "1120")): "[id]" for gap in "/·_"},
    "411111-1111111111": "[card]",
    "+351 912 345\n678": "[phone]",
    "ana﹫example.com": "[email]",
    "03(1234)5678": "[phone]",
    "03（1234）5678": "[phone]",
    "（090）5551-5678": "[phone]",
    "090ー5551ー5678": "[phone]",
    "０９０ー５５５１ー５６７８": "[phone]",
    "qu\u206aentin@exam\u206aple.org": "[email]",
    "912\u206e345678": "[phone]",
    "192 . 168 . 1 . 77": "[ip]",
    "९१२३४५६७८९ or ३": "[phone] or 3",
    "३ or ४": "३ or ४",
}


def test_separators_and_spellings_found_in_review_hide_nothing() -> None:
    shown = [f"say {text} now" for text in WRITTEN_OTHERWISE.values()]
    assert scrubbed([f"say {text} now" for text in WRITTEN_OTHERWISE]) == shown
    assert leaking(shown) == []


def test_a_taxpayer_whose_number_begins_with_zeros_is_one() -> None:
    assert scrub_one("say 00000000191 now") == "say [id] now"
