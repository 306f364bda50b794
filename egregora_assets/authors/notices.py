"""What notices tell of people, by their wording: who joined, left, was removed, has another number or another name.

WhatsApp words its notices in the language of the app: English, Portuguese, Spanish, German, French and Italian are known.
Other platforms' notices are in the English of ``chat/formats``. Add a wording by adding a line. Patterns are RE2, over texts
without invisible marks and without a full stop at the end; the first that fits decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from egregora_assets.privacy.scrub import INVISIBLE, quoted


@dataclass(frozen=True)
class Wording:
    """One form of a notice. ``who`` and ``other`` are the groups of ``pattern`` that name whom it is about, and by whom or
    into whom; 0 where nobody is named."""

    event: str
    pattern: str
    who: int = 1
    other: int = 0


_LINK = r"(?: (?:using|via|from|through|by|with|mit|über|usando|com|pelo|através|mediante|con|desde|en|grâce|à|da|tramite) .*)?"
_GROUP = (
    r"(?: (?:to|from|in|of) (?:the|this|your) .+| (?:ao|do|no|à|na|da) (?:grupo|comunidade).*| (?:al|del) grup(?:o|po).*"
    r"| (?:el|il|le|the|this) (?:grupo|gruppo|groupe|group)| (?:au|du) groupe.*| in die Gruppe| aus der Gruppe)?"
)

_WHATSAPP = (
    # A number: with the new one, and without.
    Wording("changed_number", r"^(.+?) (?:has )?changed (?:their (?:phone )?number )?to (.+)$", 1, 2),
    Wording("changed_number", r"^(.+?) changed their (?:phone )?number.*$"),
    Wording("changed_number", r"^(.+?) mudou (?:de número |o número |seu número )?para (.+)$", 1, 2),
    Wording("changed_number", r"^(.+?) (?:mudou|alterou) (?:o |seu |o seu |de )número.*$"),
    Wording(
        "changed_number",
        r"^(.+?) (?:cambió|ha cambiado) (?:(?:de|su) número (?:de teléfono )?)?(?:a|al|por) (.+)$",
        1,
        2,
    ),
    Wording("changed_number", r"^(.+?) (?:cambió|ha cambiado) (?:de|su) número.*$"),
    Wording(
        "changed_number",
        r"^(.+?) hat (?:die |seine |ihre )?(?:(?:Telefonn|N)ummer )?zu (.+?) (?:gewechselt|geändert)$",
        1,
        2,
    ),
    Wording("changed_number", r"^(.+?) hat (?:die |seine |ihre |eine neue )(?:Telefonn|N)ummer.*$"),
    Wording("changed_number", r"^(.+?) (?:a changé (?:de numéro |son numéro )?pour|est passée? (?:à|au)) (.+)$", 1, 2),
    Wording("changed_number", r"^(.+?) a changé (?:de|son) numéro.*$"),
    Wording("changed_number", r"^(.+?) (?:ha cambiato (?:(?:il suo )?numero )?(?:in|con)|è passat[oa] a) (.+)$", 1, 2),
    Wording("changed_number", r"^(.+?) ha cambiato (?:il suo |il proprio )?numero.*$"),
    # Taken out: by nobody who is named, and by somebody.
    Wording("removed", rf"^(.+?) (?:was|were) removed{_GROUP}$"),
    Wording("removed", rf"^(.+?) foi removid[oa](?:\(a\))?{_GROUP}$"),
    Wording("removed", rf"^(.+?) fue (?:eliminad|sacad)[oa]{_GROUP}$"),
    Wording("removed", rf"^Se (?:eliminó|sacó) a (.+?){_GROUP}$"),
    Wording("removed", rf"^(.+?) wurde{_GROUP} entfernt$"),
    Wording("removed", rf"^(.+?) a été (?:retiré|supprimé)e?(?:\(e\))?{_GROUP}$"),
    Wording("removed", rf"^(.+?) è stat[oa] rimoss[oa]{_GROUP}$"),
    Wording("removed", rf"^(.+?) removed (.+?){_GROUP}$", 2, 1),
    Wording("removed", rf"^(.+?) removeu (.+?){_GROUP}$", 2, 1),
    Wording("removed", rf"^(.+?) (?:eliminó|sacó|ha eliminado) a (.+?){_GROUP}$", 2, 1),
    Wording("removed", rf"^(.+?) (?:hat|hast|haben) (.+?){_GROUP} entfernt$", 2, 1),
    Wording("removed", rf"^(.+?) (?:a|avez) (?:retiré|supprimé) (.+?){_GROUP}$", 2, 1),
    Wording("removed", rf"^(.+?) ha rimosso (.+?){_GROUP}$", 2, 1),
    Wording("removed", rf"^(?:Removeu|Eliminaste a|Sacaste a|Hai rimosso) (.+?){_GROUP}$"),
    # Brought in: by nobody who is named, and by somebody.
    Wording("joined", rf"^(.+?) (?:was|were) added{_GROUP}$"),
    Wording("joined", rf"^(.+?) foi adicionad[oa](?:\(a\))?{_GROUP}$"),
    Wording("joined", rf"^(.+?) fue (?:añadid|agregad)[oa]{_GROUP}$"),
    Wording("joined", rf"^Se (?:añadió|agregó) a (.+?){_GROUP}$"),
    Wording("joined", rf"^(.+?) wurde{_GROUP} hinzugefügt$"),
    Wording("joined", rf"^(.+?) a été ajoutée?(?:\(e\))?{_GROUP}$"),
    Wording("joined", rf"^(.+?) è stat[oa] aggiunt[oa]{_GROUP}$"),
    Wording("joined", rf"^(.+?) added (.+?){_GROUP}$", 2, 1),
    Wording("joined", rf"^(.+?) adicionou (.+?){_GROUP}$", 2, 1),
    Wording("joined", rf"^(.+?) (?:añadió|agregó|ha añadido) a (.+?){_GROUP}$", 2, 1),
    Wording("joined", rf"^(.+?) (?:hat|hast|haben) (.+?){_GROUP} hinzugefügt$", 2, 1),
    Wording("joined", rf"^(.+?) (?:a|avez) ajouté (.+?){_GROUP}$", 2, 1),
    Wording("joined", rf"^(.+?) ha aggiunto (.+?){_GROUP}$", 2, 1),
    Wording("joined", rf"^(?:Adicionou|Añadiste a|Agregaste a|Hai aggiunto) (.+?){_GROUP}$"),
    # By themselves.
    Wording("joined", rf"^(.+?) joined(?: the (?:group|community))?{_LINK}$"),
    Wording("joined", rf"^(.+?) entrou(?: (?:no grupo|na comunidade))?{_LINK}$"),
    Wording("joined", rf"^(.+?) se (?:unió|ha unido)(?: al grupo| a la comunidad)?{_LINK}$"),
    Wording("joined", r"^(.+?) ist (?:.* )?beigetreten$"),
    Wording("joined", rf"^(.+?) (?:a rejoint|s['’]est jointe? (?:à|au))(?: le groupe| groupe| la communauté)?{_LINK}$"),
    Wording("joined", rf"^(.+?) (?:è entrat[oa](?:/a)?|si è unit[oa](?:/a)?)(?: (?:nel|al) gruppo)?{_LINK}$"),
    Wording("left", r"^(.+?) left(?: the group| this group| the community)?$"),
    Wording("left", r"^(.+?) saiu(?: do grupo| da comunidade)?$"),
    Wording("left", r"^(.+?) (?:salió|ha salido|abandonó|dejó)(?: del grupo| el grupo)?$"),
    Wording("left", r"^(.+?) hat die (?:Gruppe|Community) verlassen$"),
    Wording("left", r"^(.+?) (?:est partie?(?:\(e\))?|a quitté(?: le groupe)?|est sortie?(?: du groupe)?)$"),
    Wording("left", r"^(.+?) (?:ha abbandonato(?: il gruppo)?|è uscit[oa](?:/a)?(?: dal gruppo)?)$"),
)

_HOST = r"(?: [(\[][^\s()\[\]]*[)\]])?"
"""What IRC shows behind a nick."""
_PLACE = r"(?:(?: to| from)? (?:the (?:group|channel|room|server|chat)|this .*|[#&].*))?"
_REASON = r"(?:: .*| [(\[].*)?"
_BY_RECORD = (
    Wording("renamed", r"^@?(.+?) (?:is|are) now known as @?(.+)$", 1, 2),
    Wording("renamed", r"^Nick change: (\S+) -> (\S+)$", 1, 2),
    Wording("renamed", r"^@?(.+?) changed their name to @?.+$"),
    Wording("removed", rf"^@?(\S+) (?:was|has been) kicked (?:by|from \S+ by) @?(\S+){_REASON}$", 1, 2),
    Wording("removed", rf"^(\S+) kicked from \S+ by (\S+?):?{_REASON}$", 1, 2),
    Wording("removed", rf"^@?(.+?) (?:removed|banned|kicked|has kicked) @?(.+?){_PLACE}{_REASON}$", 2, 1),
    Wording("joined", rf"^@?(.+?) added @?(.+?){_PLACE}$", 2, 1),
    Wording("joined", r"^group member joined: (.+)$"),
    Wording("joined", rf"^@?(.+?){_HOST} (?:has )?joined(?:{_PLACE}| by (?:a link.*|request)|, invited by .*)$"),
    Wording("left", rf"^@?(.+?){_HOST} (?:has )?(?:left|quit|parted)(?: IRC)?{_PLACE}{_REASON}$"),
)
_INVITED_IS_ADDED = Wording("joined", r"^(.+?) invited (.+)$", 2, 1)
"""Of Telegram alone: elsewhere whoever is invited has still to accept."""


def same_name(text: str) -> str:
    """Return the SQL for the form in which two spellings of one name, or of one number, are equal."""
    seen = f"regexp_replace({text}, '{INVISIBLE}', '', 'g')"
    spaced = f"trim(regexp_replace({seen}, '[\\s\\x{{00A0}}\\x{{202F}}]+', ' ', 'g'))"
    tilde = f"regexp_replace({spaced}, '^~ ?', '~')"
    number = f"regexp_full_match({tilde}, {_NUMBER})"
    return f"CASE WHEN {number} THEN regexp_replace({tilde}, '\\D', '', 'g') ELSE lower({tilde}) END"


_NUMBER = quoted(r"\+?[\d ().\-\x{2010}-\x{2013}\x{2212}]{7,32}")


def is_number(text: str) -> str:
    """Return the SQL for whether a name, as ``same_name`` gives it, is a number of a phone."""
    return f"regexp_full_match({text}, '[0-9]{{7,17}}')"


def told(relation: str) -> str:
    """Return the SQL that adds ``event``, ``who`` and ``other`` (names as they stand there, or null) to notices.

    ``relation`` is a query with ``text`` and ``platform``; rows that tell nothing of people are left out.
    """
    by_platform = (
        ("platform = 'whatsapp'", _WHATSAPP),
        ("platform <> 'whatsapp'", _BY_RECORD),
        ("platform = 'telegram'", (_INVITED_IS_ADDED,)),
    )
    cases = "\n".join(
        f"WHEN {condition} AND regexp_matches(line, {quoted(wording.pattern)}) THEN {_struct(wording)}"
        for condition, wordings in by_platform
        for wording in wordings
    )
    line = f"rtrim(regexp_replace(text, '{INVISIBLE}', '', 'g'), '. ')"
    return f"""
        SELECT * EXCLUDE (line, about), about.event AS event, about.who AS who, nullif(about.other, '') AS other
        FROM (
            SELECT *, CASE {cases} END AS about
            FROM (SELECT *, {line} AS line FROM ({relation}) WHERE length(text) < {_LONGEST} AND NOT contains(text, chr(10)))
        )
        WHERE about IS NOT NULL
    """


_LONGEST = 400
"""Letters of a notice about people: longer ones are descriptions of groups and the like."""


def _struct(wording: Wording) -> str:
    def group(number: int) -> str:
        return f"regexp_extract(line, {quoted(wording.pattern)}, {number})" if number else "''"

    return f"{{'event': '{wording.event}', 'who': {group(wording.who)}, 'other': {group(wording.other)}}}"
