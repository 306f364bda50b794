"""Decisions, tasks, and questions with their answers: rules over the sentences of the open documents, set by set in SQL."""

from __future__ import annotations

import duckdb

from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar import cues, due, words
from egregora_assets.sidecar.completions import TASKS
from egregora_assets.sidecar.revocations import DECISIONS
from egregora_assets.warehouse.query import changed, scalar, temporary

_MOST_SENTENCES = 20
"""Of one message: what is longer is a paste."""
_MOST_SENTENCE = 400
_LEAST_QUESTION = 6
_REACH = 8
"""How many messages after a question its answer may stand, unless it is a reply."""
_AGREEMENT_REACH = 4
_ANNOUNCED_WITHIN = 12
"""So many messages after a proposal the decision that names itself one may be of the same."""
_LISTENED = 200
"""So many letters of a message tell whether it answers."""
_DECAY = 0.4
_ACCEPTED_WITHIN = 5
"""So many messages after a request "on it" takes that on."""
_LEAST_SCORE = 0.6
_MISFIT = 1.5
"""What it weighs against an answer that it has no number, place or person, where one is asked for."""
_NO_YES = 0.8
_SHARED = 0.8
_CHOSEN, _DECIDED_OTHERWISE = 2.5, 1.0
"""For a decision that speaks of the choice that was asked for, or does not."""


_ORDINAL = (
    r"[0-9]\. (?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b|"
    r"\b(?:[Aa]m|[Vv]om|[Zz]um|[Dd]en|[Dd]er) [0-9]{1,2}\. [a-zäöü]"
)
_SENTENCE = quoted(rf"""(?:{_ORDINAL}|[^.!?\n]|[.!?][\p{{L}}\p{{N}}/=&_%#-])+(?:[.!?…？؟]+["”’)*_~]*)?""")
"""A point or question mark in front of a letter or digit ends nothing: it stands in a link, a file's name or a number.
Nor does that of "am 3. Mai"."""
_ASKS = quoted(r"""[?？؟][!?？؟]*[\s"”’)*_~]*$""")
_ASKED = quoted(r"""^[\s¿"“‘'(*_~-]*(.*[?？؟])[!?？؟]*[\s"”’)*_~]*$""")
_SEVERAL_WORDS = quoted(r"\S\s+\S+\s+\S|^[^A-Za-zÀ-ɏ]+$")
"""Three words, or a script that puts no spaces: "Smell?" asks nothing that can be looked up later."""
_TWO_WORDS = quoted(r"\S\s+\S")
_NAMED = quoted(ALIAS)
_MENTION = quoted(rf"@?(?:{ALIAS}|\[name\])[,:]?")
_AGREED_TAG = quoted(
    r"\b(?:agreed|deal|combinado|fechado|fechou|abgemacht|d'accord|de acuerdo|trato|(?:everyone|everybody|all|todo mundo|todos|"
    r"alle|"
    r"tout le monde) (?:ok|okay|in|agreed|happy|de acordo|concorda|concordam|einverstanden|d'accord))\s*\?"
)


_HAS_AN_END = " OR ".join(f"contains(text, {mark})" for mark in ("'.'", "'!'", "'?'", "chr(10)"))
_MESSAGE_SENTENCES = (
    f"CASE WHEN {_HAS_AN_END} THEN regexp_extract_all(text, {_SENTENCE})[:{_MOST_SENTENCES}] ELSE [text] END"
)
"""The SQL for the sentences of a message; most are one, and need no looking for its end."""


def sentences_of(texts: str, beside: str) -> str:
    """Return SQL for each ``sentence`` of the messages in SQL ``texts`` and its number ``s_no``, with the columns ``beside`` it."""
    return f"""
        SELECT {beside}, generate_subscripts(parts, 1)::INTEGER AS s_no, trim(unnest(parts)) AS sentence
        FROM (SELECT {beside}, {_MESSAGE_SENTENCES} AS parts {texts} WHERE kind = 'text')
    """


def cut(sentence: str) -> str:
    """Return the SQL that shortens a sentence at the end of a word: half a word may be a name that the whole is not."""
    shortened = f"regexp_replace(left({sentence}, {_MOST_SENTENCE}), '\\S*$', '…')"
    return f"CASE WHEN length({sentence}) > {_MOST_SENTENCE} THEN {shortened} ELSE {sentence} END"


def item(sentence: str) -> str:
    """Return the SQL for a sentence as decisions and tasks show it."""
    return cut(f"rtrim({sentence}, '.! ')")


def find(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``questions``, ``decisions`` and ``action_items`` for the documents in ``said`` and ``open_documents``."""
    with (
        temporary(connection, "sentences", _SENTENCES),
        temporary(connection, "asked", _QUESTIONS_ASKED),
        temporary(connection, "stated", _DECISIONS_STATED),
        temporary(connection, "telling", _TELLING),
        temporary(connection, "heard", _HEARD),
        temporary(connection, "answers", _ANSWERS),
        temporary(connection, "taken", _TASKS_TAKEN),
        temporary(connection, "accepted", _ACCEPTED),
        temporary(connection, "tasks", _TASKS),
        temporary(connection, "news", _NEWS),
        temporary(connection, "announced", _ANNOUNCED),
        temporary(connection, "liked", _LIKED if scalar(connection, _ANY_REACTION) else _NOTHING_LIKED),
        temporary(connection, "decided", _DECIDED),
        temporary(connection, "taken_back", _TAKEN_BACK if scalar(connection, _ANY_REPLY) else _NOTHING_TAKEN_BACK),
    ):
        for statement in (_QUESTIONS, _DECISIONS, _ACTION_ITEMS):
            changed(connection, statement)
        DECISIONS.mark(connection)
        TASKS.mark(connection)


def _is(pattern: str, text: str = "plain") -> str:
    return f"regexp_matches({text}, {pattern})"


def _nameless(text: str) -> str:
    """Return SQL for ``text`` with a word in the place of each name, and of the digits in it."""
    named = f"contains({text}, 'member-') OR contains({text}, '[name]')"
    return f"CASE WHEN {named} THEN regexp_replace({text}, {_MENTION}, 'somebody', 'g') ELSE {text} END"


_PLAIN = "replace(strip_accents(lower({})), '’', '''')"
_SENTENCES = f"""
    SELECT d_no, m_no, s_no, sentence, named, {_nameless("lowered")} AS plain,
        {_is(_ASKS, "sentence")} AS is_question
    FROM (
        SELECT d_no, m_no, s_no, sentence, {_PLAIN.format("sentence")} AS lowered,
            CASE WHEN contains(sentence, 'member-') THEN regexp_extract(sentence, {_NAMED}) ELSE '' END AS named
        FROM ({sentences_of("FROM said", "d_no, m_no")})
        WHERE strlen(sentence) >= 4
    )
"""
"""What was said, sentence by sentence; ``plain`` is in lower case, without accents, and names nobody."""

_WORDS = "list_distinct(regexp_extract_all({}, '[a-z][a-z][a-z][a-z]+'))"
_QUESTIONS_ASKED = f"""
    SELECT *, lead(m_no) OVER later AS next_no, lead(m_no, 2) OVER later AS next_but_one,
        {_is(cues.ASKS_NUMBER)} AS asks_number, {_is(cues.ASKS_WHO)} AS asks_who, {_is(cues.CHOICE)} AS is_choice,
        {_is(cues.ASKS_WHERE)} AS asks_where, {_is(cues.ASKS_WHOM)} AS asks_whom,
        {_is(cues.QUESTION_WORD)} AS has_word, {_WORDS.format("plain")} AS asked_words
    FROM (
        SELECT d_no, m_no, plain, named, regexp_extract(sentence, {_ASKED}, 1) AS words
        FROM sentences
        WHERE CASE
            WHEN is_question
            THEN length(sentence) >= {_LEAST_QUESTION}
                AND ({_is(_SEVERAL_WORDS, "sentence")} OR {_is(_TWO_WORDS, "sentence")})
                AND NOT {_is(cues.RHETORICAL)} AND NOT {_is(cues.BARE)}
            ELSE false
        END
        QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY s_no) = 1
    )
    JOIN (SELECT d_no, m_no, message_id, author_id, alias, sent_at FROM said) USING (d_no, m_no)
    WINDOW later AS (PARTITION BY d_no ORDER BY m_no)
"""
"""The first question of a message that wants an answer."""

_HEARD = f"""
    WITH pairs AS (
        SELECT d_no, m_no, m_no + unnest(range(1, {_REACH + 1})) AS h_no, false AS is_reply FROM asked
        UNION ALL
        SELECT a.d_no, a.m_no, s.m_no, true
        FROM asked a JOIN said s ON s.d_no = a.d_no AND s.reply_to = a.message_id
    ),
    told AS (
        SELECT * EXCLUDE (lowered, is_whole), CASE WHEN is_whole THEN lowered ELSE {_nameless("lowered")} END AS plain
        FROM (
            SELECT d_no, m_no AS h_no, message_id, author_id, alias, sent_at, reply_to, text,
                coalesce(sentence = text AND length(text) <= {_LISTENED}, false) AS is_whole,
                CASE WHEN is_whole THEN plain ELSE {_PLAIN.format(f"left(text, {_LISTENED})")} END AS lowered
            FROM said LEFT JOIN (SELECT d_no, m_no, sentence, plain FROM sentences WHERE s_no = 1) USING (d_no, m_no)
            SEMI JOIN pairs ON pairs.d_no = said.d_no AND pairs.h_no = said.m_no
            WHERE kind = 'text' AND author_id IS NOT NULL
        )
    )
    SELECT p.d_no, p.m_no, p.is_reply, t.* EXCLUDE (d_no)
    FROM pairs p JOIN (SELECT *, {_is(cues.YES_OR_NO)} AS says_yes, {_is(cues.REACTION)} AS is_reaction,
            {_is(cues.TURNS_AWAY)} AS turns_away FROM told) t
        USING (d_no, h_no)
"""
"""The messages that may answer each question: those soon after it, and all replies to it."""

_ANSWERS = f"""
    WITH scored AS (
        SELECT h.d_no, h.m_no, h.h_no, h.message_id, h.author_id, h.plain, h.text, h.alias, h.sent_at, h.is_reply,
            a.named <> '' AND a.named = h.alias AS is_named,
            len(list_filter(asked_words, lambda word: contains(h.plain, word))) AS shared,
            CASE WHEN h.is_reply THEN 20 WHEN h.reply_to IS NOT NULL THEN -6 ELSE 2 END
            + CASE
                WHEN is_choice AND d.d_no IS NOT NULL THEN CASE WHEN shared > 0 THEN {_CHOSEN} ELSE {_DECIDED_OTHERWISE} END
                WHEN h.author_id = a.author_id THEN -2.5
                ELSE 0
            END
            + CASE WHEN is_named THEN 3 ELSE 0 END
            + CASE WHEN a.alias IS NOT NULL AND contains(h.text, a.alias) THEN 1 ELSE 0 END
            - {_DECAY} * (h.h_no - h.m_no - 1)
            - CASE WHEN h.sent_at > a.sent_at + INTERVAL 3 HOUR THEN 1 ELSE 0 END
            - CASE WHEN o.d_no IS NOT NULL THEN 2.2 WHEN contains(h.plain, '?') THEN 0.9 ELSE 0 END
            - CASE WHEN is_reaction THEN 2.4 WHEN turns_away THEN 3 ELSE 0 END
            - CASE WHEN NOT asks_who THEN 0 WHEN {_is(cues.REFUSES, "h.plain")} THEN 1.5 ELSE 0 END
            - 0.9 * (coalesce(next_no < h.h_no, false)::INTEGER + coalesce(next_but_one < h.h_no, false)::INTEGER)
            + CASE
                WHEN asks_number THEN CASE WHEN {_is(cues.SAYS_NUMBER, "h.plain")} THEN 1.2 ELSE -{_MISFIT} END
                WHEN asks_where THEN CASE WHEN {_is(cues.SAYS_WHERE, "h.plain")} THEN 0.5 ELSE -{_MISFIT} END
                WHEN asks_whom THEN CASE WHEN says_yes OR {_is(cues.SAYS_WHO, "h.plain")} THEN 0.8 ELSE -{_MISFIT} END
                WHEN asks_who THEN CASE WHEN {_is(cues.I_SAY, "h.plain")} THEN 0.8 ELSE 0 END
                WHEN has_word THEN 0
                WHEN says_yes THEN 1.2
                WHEN is_choice THEN 0
                ELSE -{_NO_YES}
            END
            + {_SHARED} * least(2, shared) AS score
        FROM heard h JOIN asked a USING (d_no, m_no)
        LEFT JOIN (SELECT d_no, m_no FROM asked) o ON o.d_no = h.d_no AND o.m_no = h.h_no
        LEFT JOIN (SELECT d_no, m_no FROM stated) d ON d.d_no = h.d_no AND d.m_no = h.h_no
    )
    SELECT * FROM scored
    QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY score DESC, h_no) = 1 AND score >= {_LEAST_SCORE}
"""
"""The message that answers each question best: by reply, by who was asked, by nearness, by form and by shared words."""

_QUESTIONS = f"""
    INSERT INTO questions
        (document_id, text, author, asked_at, evidence, status, answer, answer_id, answered_by, answered_at, linked_by)
    SELECT document_id, {cut("a.words")}, a.alias, a.sent_at,
        CASE WHEN n.message_id IS NULL THEN [a.message_id] ELSE [a.message_id, n.message_id] END,
        CASE WHEN n.message_id IS NULL THEN 'open' ELSE 'answered' END,
        {cut("n.text")}, n.message_id, n.alias, n.sent_at,
        CASE WHEN n.is_reply THEN 'reply' WHEN n.is_named THEN 'mention' WHEN n.message_id IS NOT NULL THEN 'proximity' END
    FROM asked a JOIN open_documents USING (d_no) LEFT JOIN answers n ON n.d_no = a.d_no AND n.m_no = a.m_no
"""

_DECIDES = " OR ".join(
    (
        _is(cues.any_of(cues.DECISION, cues.PROPOSED, cues.TAKEN_BACK)),
        *(f"contains(plain, {quoted(piece)}) AND {_is(pattern)}" for piece, pattern in cues.DECISION_WITH.items()),
    )
)
"""As one pattern, which costs what its largest part does."""
_DECISIONS_STATED = f"""
    SELECT * REPLACE (
        bool_or(takes_back) OVER message AS takes_back,
        coalesce(min(CASE WHEN takes_back THEN plain END) OVER message, plain) AS plain
    )
    FROM (
        SELECT d_no, m_no, s_no, sentence, plain, {_is(cues.PROPOSED)} AS is_proposed, {_is(cues.TAKEN_BACK)} AS is_revoked,
            is_revoked OR {_is(cues.CALLED_OFF)} AS takes_back, {_is(cues.ANNOUNCES)} AS announces
        FROM sentences
        WHERE CASE
            WHEN {_DECIDES}
            THEN NOT {_is(cues.NOT_DECISION)} AND (NOT is_question OR {_is(_AGREED_TAG)})
            ELSE false
        END
    )
    WINDOW message AS (PARTITION BY d_no, m_no)
    QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY is_revoked, s_no) = 1
"""
"""One sentence of a message: what holds now, before what is taken back. Its ``plain`` is what takes something back, if any does."""
_AGREEING = _PLAIN.format("left(a.text, 60)")
_TELLING = f"""
    SELECT d_no, m_no, list(md5_number_lower(word) ORDER BY word) AS words
    FROM ({words.said_in("FROM stated", "d_no, m_no")}) GROUP BY ALL
"""
"""The telling words, as numbers, of what decides."""
_ANNOUNCED = f"""
    SELECT DISTINCT p.d_no, p.m_no
    FROM (
        SELECT d_no, m_no, m_no + unnest(range(1, {_ANNOUNCED_WITHIN + 1})) AS a_no
        FROM stated WHERE NOT (announces OR takes_back)
    ) p
    JOIN (SELECT d_no, m_no AS a_no, m_no FROM stated WHERE announces AND NOT takes_back) a USING (d_no, a_no)
    JOIN telling w ON w.d_no = p.d_no AND w.m_no = p.m_no
    JOIN telling v ON v.d_no = p.d_no AND v.m_no = a.m_no
    WHERE 2 * len(list_intersect(w.words, v.words)) >= least(len(w.words), len(v.words)) AND list_has_any(w.words, v.words)
"""
"""What was proposed, and decided in words of its own soon after."""
_ANY_REACTION = "SELECT EXISTS (FROM reactions) AND EXISTS (FROM stated WHERE is_proposed)"
_NOTHING_LIKED = "SELECT 0 AS d_no, 0 AS m_no LIMIT 0"
_LIKED = f"""
    WITH proposed AS (
        SELECT d_no, m_no, message_id, coalesce(person_id, author_id) AS proposer
        FROM (SELECT d_no, m_no FROM stated WHERE is_proposed) JOIN said USING (d_no, m_no)
        LEFT JOIN (SELECT author_id, person_id FROM private.persons) USING (author_id)
    )
    SELECT DISTINCT d_no, m_no
    FROM (FROM reactions SEMI JOIN proposed USING (message_id)) JOIN proposed USING (message_id)
    LEFT JOIN (SELECT author_id, person_id FROM private.persons) USING (author_id)
    WHERE {_is(cues.AGREEING_REACTION, "emoji")} AND CASE
        WHEN author_id IS NULL THEN people > 1
        ELSE coalesce(person_id, author_id) <> proposer AND author_id NOT IN (SELECT author_id FROM authors WHERE opted_out)
    END
"""
"""Proposals to which somebody else has reacted as one agrees."""
_DECIDED = f"""
    SELECT d_no, m_no, sentence, alias, s.sent_at, list_prepend(s.message_id, coalesce(agreed, [])) AS evidence,
        CASE
            WHEN is_revoked THEN 'revoked'
            WHEN is_proposed AND agreed IS NULL AND l.m_no IS NULL THEN 'proposed'
            ELSE 'agreed'
        END AS status
    FROM stated t JOIN said s USING (d_no, m_no)
    LEFT JOIN (
        SELECT p.d_no, p.m_no, list(a.message_id ORDER BY a.m_no) AS agreed
        FROM (SELECT d_no, m_no, unnest(range(1, {_AGREEMENT_REACH + 1})) AS further FROM stated) p
        JOIN said o ON o.d_no = p.d_no AND o.m_no = p.m_no
        JOIN said a ON a.d_no = p.d_no AND a.m_no = p.m_no + p.further
        WHERE CASE
            WHEN a.kind = 'text' AND a.author_id <> o.author_id AND (a.reply_to IS NULL OR a.reply_to = o.message_id)
            THEN {_is(cues.AGREES, _AGREEING)} AND NOT {_is(cues.NOT_AGREES, _AGREEING)}
            ELSE false
        END
        GROUP BY p.d_no, p.m_no
    ) USING (d_no, m_no)
    LEFT JOIN liked l USING (d_no, m_no)
    ANTI JOIN announced USING (d_no, m_no)
"""
_DECISIONS = f"""
    INSERT INTO decisions (document_id, text, author, decided_at, evidence, status)
    SELECT document_id, {item("sentence")}, alias, sent_at, evidence, status
    FROM decided JOIN open_documents USING (d_no)
"""
_ANY_REPLY = "SELECT EXISTS (FROM said WHERE reply_to IS NOT NULL)"
_NOTHING_TAKEN_BACK = "SELECT d_no, m_no, plain FROM stated LIMIT 0"
_TAKEN_BACK = f"""
    SELECT d_no, m_no, arg_min(plain, s_no) AS plain
    FROM sentences JOIN said USING (d_no, m_no)
    SEMI JOIN (SELECT d_no, message_id AS reply_to FROM stated JOIN said USING (d_no, m_no)) USING (d_no, reply_to)
    WHERE CASE
        WHEN reply_to IS NOT NULL AND NOT contains(sentence, '?')
        THEN {_is(cues.any_of(cues.TAKEN_BACK, cues.CALLED_OFF, cues.OFF_ALONE))}
        ELSE false
    END
    GROUP BY d_no, m_no
"""
"""Replies that take back what they reply to."""

_TASKS_TAKEN = f"""
    SELECT * EXCLUDE (named), CASE WHEN named <> '' AND {_is(cues.ADDRESSED)} THEN named ELSE '' END AS named FROM (
        SELECT * EXCLUDE (takes_on, requests),
            takes_on AND NOT is_question AND NOT {_is(cues.NOT_TAKES_ON)} AS is_own,
            requests AND NOT {_is(cues.NOT_REQUESTS)} AS is_request
        FROM (
            SELECT *, {_is(cues.TAKES_ON)} AS takes_on, {_is(cues.REQUESTS)} AS requests
            FROM sentences WHERE {_is(cues.any_of(cues.TAKES_ON, cues.REQUESTS))}
        )
    )
    WHERE is_own OR is_request
    QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY is_own DESC, s_no) = 1
"""
_ACCEPTED = f"""
    WITH requests AS (
        SELECT d_no, m_no, named, message_id, author_id
        FROM (SELECT d_no, m_no, named FROM taken WHERE is_request AND NOT is_own) JOIN said USING (d_no, m_no)
    ),
    after AS (
        SELECT d_no, m_no, m_no + unnest(range(1, {_ACCEPTED_WITHIN + 1})) AS a_no, named, author_id, false AS is_reply
        FROM requests
        UNION ALL
        SELECT d_no, r.m_no, s.m_no, named, r.author_id, true
        FROM requests r JOIN said s USING (d_no) WHERE s.reply_to = r.message_id
    ),
    takers AS (
        SELECT d_no, a_no, s_no FROM (SELECT d_no, m_no AS a_no, s_no, plain FROM sentences WHERE s_no <= 2)
        SEMI JOIN after USING (d_no, a_no) WHERE {_is(cues.ACCEPTS)}
    ),
    chosen AS (
        SELECT d_no, a.m_no, a_no, s_no, s.message_id, s.alias
        FROM after a JOIN takers USING (d_no, a_no)
        JOIN (SELECT d_no, m_no AS a_no, message_id, alias, author_id, reply_to FROM said) s USING (d_no, a_no)
        LEFT JOIN (SELECT d_no, h_no AS a_no, max(m_no) AS asked_no FROM answers GROUP BY ALL) q USING (d_no, a_no)
        WHERE is_reply OR (
            s.reply_to IS NULL AND s.author_id <> a.author_id AND named IN ('', s.alias) AND coalesce(asked_no <= a.m_no, true)
        )
        QUALIFY row_number() OVER (PARTITION BY d_no, a_no ORDER BY is_reply DESC, a.m_no DESC) = 1
    )
    SELECT d_no, m_no, a_no, s_no, message_id, alias,
        row_number() OVER (PARTITION BY d_no, m_no ORDER BY a_no) = 1 AS is_first
    FROM chosen
"""
"""By which messages ("on it") somebody takes on what another has asked for."""
_ACCEPTS = cues.any_of(cues.ACCEPTS, cues.AGREES, cues.REFUSES, cues.YES_OR_NO, cues.I_SAY)
_VOLUNTEERS = cues.any_of(cues.VOLUNTEERS, cues.ACCEPTS)
_TASKS = f"""
    WITH asked_for AS (
        SELECT t.*, n.h_no, x.m_no IS NULL AND n.plain IS NOT NULL AND {_is(cues.REFUSES, "n.plain")} AS is_refused,
            coalesce(n.h_no < x.a_no AND NOT {_is(cues.REFUSES, "n.plain")}, x.m_no IS NULL) AS is_answered,
            CASE WHEN is_answered THEN n.message_id ELSE x.message_id END AS answer_id,
            CASE WHEN is_answered THEN n.alias ELSE x.alias END AS answerer
        FROM (FROM taken ANTI JOIN (SELECT d_no, a_no AS m_no, s_no FROM accepted) USING (d_no, m_no, s_no)) t
        LEFT JOIN (FROM accepted WHERE is_first) x ON x.d_no = t.d_no AND x.m_no = t.m_no AND t.is_request AND NOT t.is_own
        LEFT JOIN (
            FROM answers
            WHERE is_reply OR is_named OR {_is(_ACCEPTS)} OR (d_no, h_no) IN (SELECT (d_no, m_no) FROM taken WHERE is_own)
        ) n
            ON n.d_no = t.d_no AND n.m_no = t.m_no AND t.is_question
    ),
    answered AS (
        SELECT DISTINCT d_no, h_no AS m_no FROM asked_for
        WHERE is_request AND NOT is_own AND is_question AND NOT is_refused AND h_no IS NOT NULL
    ),
    found AS (
        SELECT d_no, m_no, sentence, plain, plain AS told, answer_id,
            CASE
                WHEN is_own THEN ''
                WHEN t.named <> '' THEN t.named
                ELSE t.answerer
            END AS assignee
        FROM asked_for t ANTI JOIN answered USING (d_no, m_no)
        WHERE NOT is_refused
    ),
    volunteered AS (
        SELECT d_no, h_no AS m_no, a.words AS sentence, a.plain, n.plain AS told, a.message_id AS answer_id, '' AS assignee
        FROM answers n JOIN asked a USING (d_no, m_no)
        WHERE a.author_id <> n.author_id AND (
            ({_is(cues.ASKS_WHO_DOES, "a.plain")} AND {_is(_VOLUNTEERS, "n.plain")})
            OR ({_is(cues.ASKS_US, "a.plain")} AND {_is(cues.ON_IT, "n.plain")})
        )
    ),
    own AS (
        FROM found ANTI JOIN volunteered v ON v.d_no = found.d_no AND v.m_no = found.m_no AND {_is(cues.ACCEPTS, "found.plain")}
    )
    SELECT d_no, m_no, s.message_id, sentence, plain, due, {due.day("due", "s.local_date")} AS due_on, s.sent_at, answer_id,
        s.alias AS author, CASE WHEN assignee = '' THEN s.alias ELSE assignee END AS assignee
    FROM (
        SELECT *, {due.words("told")} AS due FROM (FROM own UNION ALL FROM volunteered ANTI JOIN own USING (d_no, m_no))
    ) JOIN said s USING (d_no, m_no)
    QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY sentence) = 1
"""
"""A task that somebody asked for and nobody refused; who takes on what was asked is its assignee, and says no second task.

Who volunteers when it is asked who does something, or says "on it" to "can we …?", takes on what the question says.
"""

_NEWS = f"""
    SELECT d_no, m_no AS h_no, reply_to, alias, named, plain, is_alone
    FROM (
        SELECT d_no, m_no, s_no, plain, named, {_is(cues.DONE_ALONE)} AS is_alone
        FROM sentences
        WHERE CASE
            WHEN {_is(cues.any_of(cues.DONE_ALONE, cues.DONE_WITH))}
            THEN NOT contains(sentence, '?') AND NOT {_is(cues.NOT_DONE)}
            ELSE false
        END
    )
    JOIN (SELECT d_no, m_no, reply_to, alias FROM said WHERE alias IS NOT NULL) USING (d_no, m_no)
    QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY s_no) = 1
"""
"""The first sentence of a message that says something is done."""

_ACTION_ITEMS = f"""
    INSERT INTO action_items (document_id, text, assignee, author, due, due_on, status, said_at, evidence)
    SELECT document_id, {item("sentence")}, assignee, author, due, due_on, 'open', sent_at,
        list_filter([message_id, answer_id], lambda message: message IS NOT NULL)
    FROM tasks JOIN open_documents USING (d_no)
"""
