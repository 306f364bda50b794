"""How groups really word what they decide, take on and answer: each case is a talk, and what is to be found in it, and no more."""

from __future__ import annotations

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import with_privacy
from tests.sidecar.labelled import Window
from tests.sidecar.labelled.found import Found, find
from tests.sidecar.test_outcomes import window
from tests.sidecar.test_posts import sidecars, write
from tests.sidecar.test_ranking import exported

DECISIONS: dict[str, tuple[Window, dict[int, str]]] = {
    "nothing yet": (
        window(("A", "We decided nothing yet"), ("B", "We haven't decided"), ("C", "nothing is decided yet")),
        {},
    ),
    "nada ainda": (
        window(("A", "não decidimos nada"), ("B", "nada decidido ainda"), ("C", "ainda não ficou combinado")),
        {},
    ),
    "noch nichts": (window(("A", "wir haben noch nichts entschieden"), ("B", "on n'a rien décidé")), {}),
    "third parties": (
        window(
            ("A", "The council decided to close the bridge"),
            ("B", "a câmara municipal aprovou o orçamento"),
            ("C", "el ayuntamiento ha decidido cerrar el parque"),
            ("D", "der Stadtrat hat beschlossen, die Brücke zu sperren"),
        ),
        {},
    ),
    "bare agreement": (
        window(("A", "the bus was late again"), ("B", "Combinado 👍"), ("C", "Deal 👍"), ("D", "ok then")),
        {},
    ),
    "said twice": (
        window(
            ("A", "I propose we meet on Friday at the pub"),
            ("B", "yes"),
            ("A", "Decided: we meet on Friday at the pub"),
        ),
        {2: "agreed"},
    ),
    "dito duas vezes": (
        window(("A", "proponho pintar a sala de verde"), ("B", "boa"), ("A", "Decidido: pintar a sala de verde")),
        {2: "agreed"},
    ),
    "two things": (
        window(("A", "I propose we raise the fee"), ("B", "agreed"), ("A", "Decided: the hall gets blue paint")),
        {0: "agreed", 2: "agreed"},
    ),
    "let's not": (window(("A", "Let's not charge anyone this year"), ("B", "yes, agreed")), {0: "agreed"}),
    "let's not panic": (window(("A", "let's not panic"), ("B", "agreed")), {}),
    "no agreement": (
        window(("A", "Let's not charge anyone this year"), ("B", "good question"), ("C", "ok but who pays the hall?")),
        {0: "proposed"},
    ),
    "ficou adiada": (window(("A", "A reunião ficou adiada para dia 20")), {0: "agreed"}),
    "adiada": (window(("A", "festa adiada para sábado por causa da chuva")), {0: "agreed"}),
    "aplazada": (window(("A", "la reunión queda aplazada al martes")), {0: "agreed"}),
    "verschoben": (window(("A", "das Training wird auf Mittwoch verschoben")), {0: "agreed"}),
    "reportée": (window(("A", "la réunion est reportée à mardi")), {0: "agreed"}),
    "postponed": (window(("A", "Training postponed to Thursday")), {0: "agreed"}),
    "that's the plan": (window(("A", "at mine, 7 pm, pizza, that's the plan")), {0: "agreed"}),
    "tenemos que": (window(("A", "Tenemos que avisar a los nuevos"), ("B", "Debemos mucho dinero")), {}),
    "fällt aus": (
        window(("A", "Wir nehmen den Bus zum Spiel"), ("B", "Das Spiel am 26. fällt leider aus")),
        {0: "revoked", 1: "agreed"},
    ),
    "dann treffen wir uns": (
        window(("A", "Gut, dann treffen wir uns um 8"), ("B", "Wenn ja, dann fahren wir")),
        {0: "agreed"},
    ),
    "auf den 3. Mai": (window(("A", "Wir haben uns auf den 3. Mai geeinigt")), {0: "agreed"}),
    "mis d'accord": (
        window(("A", "On s'est mis d'accord pour 300"), ("B", "on se retrouve devant la gare")),
        {0: "agreed", 1: "agreed"},
    ),
    "ok, dropping": (
        window(("A", "OK, dropping 3.9 in the next release"), ("B", "ok, doing fine thanks")),
        {0: "agreed"},
    ),
    "is off": (window(("A", "the match is off"), ("B", "the light is off")), {0: "agreed"}),
    "let's go": (window(("A", "let's go!!!"), ("B", "going with [name] on Sunday if anyone wants to join")), {}),
    "sexta então": (window(("A", "sexta então, 18h no discord"), ("B", "eu fico com a ata então")), {0: "agreed"}),
    "jogo cancelado": (window(("A", "Jogo cancelado, choveu muito"), ("B", "fui cancelado")), {0: "agreed"}),
    "todo mundo ok": (window(("A", "vamos com o tema azul, todo mundo ok?"), ("B", "ok")), {0: "agreed"}),
    "people we know": (
        window(
            ("A", "my boss decided to move the office again"),
            ("B", "the neighbours agreed to pay half"),
            ("C", "the doctor decided against surgery"),
            ("D", "meu chefe decidiu mudar tudo"),
        ),
        {},
    ),
    "habits": (window(("A", "we go to the beach every summer"), ("B", "we always take the early train")), {}),
    "we will not": (
        window(("A", "we will not renew the contract"), ("B", "we're cancelling the trip")),
        {0: "agreed", 1: "agreed"},
    ),
    "vamos então": (
        window(("A", "vamos então de ônibus"), ("B", "fechado, sábado às 15h")),
        {0: "agreed", 1: "agreed"},
    ),
    "abgemacht": (window(("A", "abgemacht: jeder bringt etwas mit")), {0: "agreed"}),
    "proposing": (window(("A", "I'm proposing a work party on Saturday"), ("B", "I'm in")), {0: "agreed"}),
    "vamos no de 870": (window(("A", "o de 870 inclui instalação"), ("B", "então vamos no de 870")), {1: "agreed"}),
    "esquece então": (window(("A", "a empresa cancelou ontem"), ("B", "Esquece então")), {}),
    "no es nada": (window(("A", "no hemos decidido nada"), ("B", "vale")), {}),
    "in company": (window(("A", "I'm going with my sister"), ("B", "deal with it tomorrow")), {}),
}
TASKS: dict[str, tuple[Window, dict[int, tuple[str | None, str | None]]]] = {
    "on it": (window(("A", "someone has to call the caterer"), ("B", "On it")), {0: ("B", None)}),
    "deixa comigo": (
        window(("A", "alguém tem que comprar gelo até sexta"), ("B", "Deixa comigo")),
        {0: ("B", "ate sexta")},
    ),
    "I'll do it": (window(("A", "TODO: update the flyers"), ("B", "nice"), ("C", "I'll do it", 0)), {0: ("C", None)}),
    "mach ich": (window(("A", "jemand muss die Getränke bestellen"), ("B", "mach ich")), {0: ("B", None)}),
    "je m'en occupe": (window(("A", "il faut réserver la salle"), ("B", "je m'en occupe")), {0: ("B", None)}),
    "me encargo yo": (window(("A", "hay que comprar hielo"), ("B", "me encargo yo")), {0: ("B", None)}),
    "without a comma": (window(("A", "@B can you send the minutes?"), ("C", "nice weather")), {0: ("B", None)}),
    "a name that is hidden": (window(("A", "[name] can you send the minutes?"), ("B", "sure")), {0: ("B", None)}),
    "asked about": (window(("A", "can you ask @C for the key?"), ("B", "sure")), {0: ("B", None)}),
    "we still need": (
        window(("A", "We still need to renew the insurance by the 31st"), ("B", "On it")),
        {0: ("B", "by the 31st")},
    ),
    "we need someone": (window(("A", "we need someone to make the posters"), ("B", "I'll do it")), {0: ("B", None)}),
    "will do it tomorrow": (
        window(("A", "[name] please send the council a letter"), ("B", "Ok will do it tomorrow")),
        {0: ("B", None)},
    ),
    "fica responsável": (
        window(("A", "[name] fica responsável por agendar a instalação, pode ser?"), ("B", "pode deixar")),
        {0: ("B", None)},
    ),
    "deixa por favor": (window(("A", "[name], deixa na portaria por favor")), {0: (None, None)}),
    "vejo amanhã": (
        window(("A", "Precisamos reservar o salão até dia 30"), ("B", "vejo amanhã")),
        {0: ("B", "ate dia 30")},
    ),
    "manda sim": (window(("A", "mando o contato?"), ("B", "manda sim!")), {}),
    "podes": (window(("A", "podes enviar a ata?"), ("B", "Posso sim")), {0: ("B", None)}),
    "consegues": (window(("A", "consegues trazer as cadeiras até sexta?"), ("B", "claro")), {0: ("B", "ate sexta")}),
    "eu levo": (window(("A", "preciso que alguém leve o som"), ("B", "eu levo")), {0: ("B", None)}),
    "who answers me": (window(("A", "who brings the drinks?"), ("B", "me"), ("C", "thanks")), {1: ("B", None)}),
    "who did it": (window(("A", "who brought the drinks?"), ("B", "me")), {}),
    "the first to say yes": (
        window(("A", "@B could you bring the projector?"), ("B", "yes"), ("A", "who can drive?"), ("C", "I can")),
        {0: ("B", None), 3: ("C", None)},
    ),
    "another takes it on": (
        window(("A", "can you bring the drill?"), ("B", "sorry, I can't"), ("C", "I'll do it")),
        {0: ("C", None)},
    ),
    "no word of asking": (
        window(("A", "esse erra todo mês"), ("B", "I need to get out at 6"), ("C", "on it there was a label")),
        {},
    ),
    "refused": (window(("A", "podes enviar a ata?"), ("B", "não consigo, desculpa")), {}),
    "nobody asked": (window(("A", "the bus was late again"), ("B", "let's sleep on it")), {}),
    "sin pronombre": (
        window(("A", "Traigo la guitarra"), ("B", "Llevo tres horas esperando"), ("C", "Te mando un abrazo")),
        {0: ("A", None)},
    ),
    "les escribo yo": (
        window(("A", "Tenemos que avisar a los nuevos"), ("B", "Les escribo yo esta noche")),
        {0: ("B", None)},
    ),
    "puede alguien": (window(("A", "¿Puede alguien comprar el hielo?"), ("B", "Lo compro yo")), {0: ("B", None)}),
    "wir müssen noch": (window(("A", "Wir müssen noch den Vermieter anrufen"), ("B", "mach ich")), {0: ("B", None)}),
    "hole ich": (window(("A", "Könnte jemand den Schlüssel abholen?"), ("B", "Hole ich")), {0: ("B", None)}),
    "überweise ich": (
        window(("A", "Überweise ich heute noch"), ("B", "Ich ruf dich nie an"), ("C", "ich hol mir ein Eis")),
        {0: ("A", "heute")},
    ),
    "je l'appelle": (
        window(("A", "Il faudrait réserver"), ("B", "je l'appelle demain"), ("A", "j'apporte les boissons")),
        {0: (None, None), 1: ("B", "demain"), 2: ("A", None)},
    ),
    "can we, on it": (
        window(("A", "Can we pin the image?"), ("B", "on it"), ("A", "can we eat?"), ("C", "yes")),
        {1: ("B", None)},
    ),
    "amor, compra": (window(("A", "amor, compra pão na volta?"), ("B", "compro sim")), {0: ("B", None)}),
    "posso fazer": (
        window(("A", "posso fazer a ata"), ("B", "posso levar meu cachorro?"), ("C", "I'll join")),
        {0: ("A", None)},
    ),
    "tem que avisar": (window(("A", "Tem que avisar o tio Jorge"), ("B", "eu aviso ele")), {0: ("B", None)}),
    "happy to": (
        window(("A", "We need a new secretary by March"), ("B", "I'd be happy to do it"), ("C", "so happy to help")),
        {0: ("B", None)},
    ),
    "by friday": (window(("A", "I'll send the list by Friday")), {0: ("A", "by friday")}),
    "until the 12th": (window(("A", "I'll keep the key until the 12th")), {0: ("A", "until the 12th")}),
    "next week": (window(("A", "I'll print the flyers next week")), {0: ("A", "next week")}),
    "bis Freitag": (window(("A", "ich schicke die Liste bis Freitag")), {0: ("A", "bis freitag")}),
    "para el lunes": (window(("A", "yo preparo la lista para el lunes")), {0: ("A", "para el lunes")}),
}
ANSWERS: dict[str, tuple[Window, dict[int, int | None]]] = {
    "another subject": (
        window(
            ("A", "where do we keep the spare fuse?"), ("B", "by the way, the bus strike is over"), ("C", "finally")
        ),
        {0: None},
    ),
    "good morning": (window(("A", "who has the key of the shed?"), ("B", "good morning everyone!")), {0: None}),
    "bom dia": (
        window(("A", "onde fica a chave do depósito?"), ("B", "bom dia gente!"), ("C", "na gaveta da cozinha")),
        {0: 2},
    ),
    "another question": (window(("A", "what time is the match?"), ("B", "did anybody see my scarf?")), {0: None}),
    "thanks": (
        window(("A", "who picks up the cake?"), ("B", "thanks for yesterday!"), ("C", "I can, at five")),
        {0: 2},
    ),
    "the number": (
        window(("A", "how much was the hall?"), ("B", "the plumber was great"), ("C", "120 for the day")),
        {0: 2},
    ),
    "a decision of something else": (
        window(
            ("A", "vamos comprar o bolo na padaria?"),
            ("B", "sim, na padaria da esquina"),
            ("C", "Decidido: o treino muda para quinta"),
        ),
        {0: 1},
    ),
    "decided": (
        window(
            ("A", "red or green paint for the hall?"), ("B", "hm, hard to say"), ("A", "ok let's take the green paint")
        ),
        {0: 2},
    ),
    "e a carne": (window(("A", "e a carne?"), ("B", "cada um leva 1kg"), ("C", "combinado")), {0: 1}),
    "haha yes": (window(("A", "same rule this year?"), ("B", "haha yes")), {0: 1}),
    "precisa sim": (window(("A", "Precisamos de mais cadeiras?"), ("B", "Precisa sim. Alguém tem?")), {0: 1}),
    "posso sim": (window(("A", "podes abrir o portão às 8?"), ("B", "posso sim")), {0: 1}),
}


@pytest.fixture(scope="module")
def found() -> Found:
    """What the rules find in all windows of this file, looked at once."""
    cases: dict[str, Window] = {}
    for kind, talks in (("decision", DECISIONS), ("task", TASKS), ("answer", ANSWERS)):
        cases |= {f"{kind} {name}": talk for name, (talk, _) in talks.items()}
    return find([{**talk, "id": name} for name, talk in cases.items()])


@pytest.mark.parametrize("case", DECISIONS)
def test_what_the_group_decides_is_found_once_and_nothing_else(found: Found, case: str) -> None:
    got = {place: status for (name, place), (_, status) in found.decision.items() if name == f"decision {case}"}
    assert got == DECISIONS[case][1]


@pytest.mark.parametrize("case", TASKS)
def test_a_task_has_who_takes_it_on_and_when_it_is_due(found: Found, case: str) -> None:
    got = {place: (who, due) for (name, place), (_, who, due) in found.action.items() if name == f"task {case}"}
    assert got == TASKS[case][1]


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_has_to_do_with_its_question(found: Found, case: str) -> None:
    got = {place: answer for (name, place), (_, answer, _) in found.question.items() if name == f"answer {case}"}
    assert {place: got[place] for place in ANSWERS[case][1]} == ANSWERS[case][1]


REACTED = {
    "I propose we raise the fee": ("👍", "Rui Costa"),
    "I propose we paint the hall": ("✅", "Rui Costa"),
    "I propose we sell the tent": ("👎", "Rui Costa"),
    "I propose we buy a ladder": ("👍", "Ana Lima"),
}


def test_a_reaction_of_somebody_else_agrees_until_they_opt_out(settings: Settings) -> None:
    said: list[dict[str, object]] = [{"author": "Ana Lima", "text": text} for text in REACTED]
    said.append({"author": "Rui Costa", "text": "the bus was late"})
    reacted = [
        {**message, "reactions": [{"emoji": emoji, "author": author}]}
        for message, (emoji, author) in zip(said, REACTED.values(), strict=False)
    ]
    later: list[dict[str, object]] = [{"author": "Tom Reed", "text": "a quiet word"}]
    assert agreed(settings, said) == []
    assert agreed(settings, [*reacted, said[-1]], later) == [*REACTED][:2], (
        "it is made again, though its words are the same"
    )
    gone = with_privacy(settings, opt_out=("Rui Costa",))
    assert agreed(gone, [*reacted, said[-1]], later) == []


def agreed(settings: Settings, *days: list[dict[str, object]]) -> list[str]:
    (settings.inbox / f"garden {len(days)}.jsonl").write_text(exported(*days))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        posts.refresh(connection, settings)
        return [
            text
            for (text,) in rows(connection, "SELECT text FROM decisions WHERE status = 'agreed' ORDER BY decided_at")
        ]


def test_a_summary_does_not_say_again_what_decisions_and_tasks_say(settings: Settings) -> None:
    write(
        settings,
        (0, "Ana Lima", "the paint for the hall is in the cellar, three cans of it"),
        (1, "Rui Costa", "Decided: the hall gets the blue paint from the cellar"),
        (2, "Ana Lima", "I'll bring the paint to the hall tomorrow. The cellar of the hall smells of paint"),
    )
    [sidecar] = sidecars(settings)
    assert [item["text"] for item in sidecar["summary"]] == [
        "the paint for the hall is in the cellar, three cans of it",
        "The cellar of the hall smells of paint",
    ]


def test_a_summary_of_nothing_but_a_decision_says_it(settings: Settings) -> None:
    write(
        settings,
        (0, "Ana Lima", "Decided: blue paint for the hall"),
        (1, "Rui Costa", "Decided: the blue paint is for the hall"),
    )
    [sidecar] = sidecars(settings)
    assert [item["text"] for item in sidecar["summary"]] == [item["text"] for item in sidecar["decisions"]]
