"""How people say that something is decided, taken on, asked for, agreed to or refused: RE2 patterns for five languages.

They are asked of one sentence at a time, in lower case and without accents. All are of linear time; what a pattern cannot
leave out, a second one (``NOT_…``) does.
"""

from __future__ import annotations

from egregora_assets.privacy.scrub import quoted


def _any(*parts: str) -> str:
    return quoted("(?:" + "|".join(parts) + ")")


def any_of(*patterns: str) -> str:
    """Return the pattern, quoted as those given are, of what one of them matches."""
    return f"'(?:{'|'.join(pattern[1:-1] for pattern in patterns)})'"


_START = (
    r"^(?:(?:ok|okay|alright|right|yes|yep|great|good|fine|so|then|also|and|but|sim|entao|e|mas|tambem|beleza|certo|bom|"
    r"entonces|vale|pues|also|gut|dann|alors|donc|bon)\b[,:!.]* )*"
)
"""Where a sentence begins, after words that only lead to it."""
_GROUP = r"(?:we|board|committee|team|everyone|everybody|and i|class|club)"
_DONE = r"(?:decided|agreed|settled|voted|chosen|chose|resolved|opted)"
_TO_US = r"(?: all| both| just| now| finally| once and for all| already)?"
_WE_DO = (
    r"(?:take|go|keep|buy|rent|do|ship|stay|stick|meet|eat|leave|use|move|switch|skip|drop|book|order|hand|accept|pin|"
    r"quarantine|try|choose|pick|cut|trim|close|open|sell|hire|train|cancel|run|pay|share|send|start|stop|build|play|split|raise|"
    r"add|remove|merge|freeze|store|write|present|host|fly|drive|limit|cap|don't [a-z]+|do not [a-z]+|won't [a-z]+|not [a-z]+|stay)"
)
_PT_DONE = (
    r"(?:decidid|combinad|fechad|acertad|marcad|definid|resolvid|confirmad|aprovad|acordad|adiad|remarcad|transferid|antecipad)"
    r"[oa]s?"
)
_OUTSIDERS = (
    r"(?:they|he|she|eu|government|council|parliament|ministry|minister|mayor|court|judge|police|congress|senate|university|city|"
    r"landlord|teachers?|parents|nobody|no one|boss|bank|company|management|neighbou?rs|governo|prefeitura|prefeito|camara|"
    r"ministerio|ministro|tribunal|juiz|policia|congresso|senado|universidade|empresa|banco|patrao|chefe|vizinhos?|ayuntamiento|"
    r"gobierno|juez|ministra|universidad|jefe|stadtrat|regierung|gericht|ministerium|polizei|chef|mairie|gouvernement|"
    r"conseil municipal|ministere|patron|stadt|firma)"
)
"""Whose decisions are not the group's."""
_DECIDED = (
    r"(?:decided|decides|agreed|voted|approved|resolved|ruled|decidiu|decidiram|aprovou|aprovaram|votou|resolveu|ha decidido|"
    r"decidio|han decidido|aprobo|(?:hat|haben) (?:[a-z]+ )*(?:entschieden|beschlossen)|beschloss|a (?:decide|vote))"
)
_AGREEING = (
    r"(?:ok|okay|okey|deal|done|agreed|settled|fine|great|good|perfect|sure|cool|yes|yep|yeah|sounds|combinad[oa]|fechad[oa]|"
    r"fechou|"
    r"decidid[oa]|beleza|blz|certo|show|perfeito|sim|ta|bom|boa|otimo|oficial|entao|assim|acordad[oa]|hech[oa]|trato|vale|si|claro|"
    r"perfecto|abgemacht|gut|genau|super|klar|alles|ja|dann|parfait|d'accord|convenu|bon|oui|all|then|so|it|is|and|e|it's|that's|"
    r"thanks|thank|you|obrigad[oa]|valeu|gracias|danke|merci|everyone|everybody|guys|folks|people|pessoal|gente|galera|todos|see|"
    r"ate|la|logo|amanha|tomorrow|later|por|mim|for|me|with|from|us)"
)

DECISION = _any(
    r"^\S+(?: \S+)? (?:wins|won|ganhou|venceu|gana|gewinnt|gagne)\b",
    rf"{_START}(?:nesse caso |a gente |nos |so )*(?:nao )?(?:nos )?[a-z]{{2,}}[aei]mos\b",
    r"\S it is(?: then)?(?:\W*$|,)",
    r"\be a gente (?:nao )?[a-z]+a\b",
    rf"\b{_GROUP}(?:'ve| have| has)?{_TO_US} {_DONE}\b",
    rf"{_START}(?:decided|agreed|settled|resolved|approved|confirmed|deal|decision made|final answer)\b[ :,].*\S",
    r"\b(?:decision|settled|decided|agreed|final answer|verdict|decisao|decidido|combinado|fechado|decision|entscheidung)\s*:",
    r"\b(?:it is|it's|that's|is|been|are)(?: now| all)? (?:decided|settled|agreed|official|final|fixed)\b",
    r"\bagreed by (?:all|both|every)|\b(?:it was|was|is) (?:agreed|decided) (?:to|on|that|by)\b",
    r"\b(?:that settles it|case closed|no discussion|no way back|from now on|final answer|as agreed|as decided|it's official|"
    r"that's the plan|this is the plan|the plan is (?:to|set))\b",
    rf"\blet'?s (?:just |all |really |all just )?(?:{_WE_DO}|get|make|have|call|say)\b",
    rf"\bwe(?:'ll| will|'re going to| are going to)(?: now| all| just| only| both| also| then)? {_WE_DO}\b",
    r"\bwe(?:'ll| will)(?: now| all| just| only| both| also| then)? (?:get|have|make)\b",
    r"(?:\bwe(?:'re| are)(?: not| now)*) (?:doing|buying|taking|closing|keeping|moving|switching|dropping|using|renting|"
    r"cancell?ing|postponing|"
    r"selling)\b|^(?:ok|okay)[,:]? (?:dropping|cancell?ing|postponing|(?:moving|switching) to)\b",
    r"\b(?:going|sticking|went|staying) with\b",
    r"\bit is (?:then|now)\b|^(?:so|then) it'?s\b",
    r"^(?:ok|okay)[,:]? (?:no|one|two|both|everyone|all)\b",
    r"\b(?:is|are|has been|have been) (?:cancelled|canceled|called off|postponed|approved|revoked|scrapped|moved|accepted)\b|"
    r"\b(?:match|game|training|meeting|trip|party) is off\b",
    r"\b(?:postponed|rescheduled|pushed(?: back)?|put off|brought forward) (?:to|till?|until|for|by)\b|\blet'?s not [a-z]+",
    r"\bmoved to (?:the )?(?:mon|tues|wednes|thurs|fri|satur|sun|next|[0-9])",
    # Portuguese
    r"\b(?:decidimos|decidiu-se|decidiram juntos|votamos|escolhemos|optamos|desistimos|bati o martelo|batemos o martelo)\b",
    rf"\b(?:ficou|fica|ficaram|ficam|foi|esta|ta|tudo|ja|entao|acabou) {_PT_DONE}\b",
    rf"{_START}(?:{_PT_DONE}|fechou|oficial|decisao tomada|decisao)\b[ :,].*\S",
    r" (?:decidid[oa]|combinad[oa]|fechad[oa]|fechou|definid[oa]|confirmad[oa]|acertad[oa])\W*$",
    r"\b(?:conforme|como) (?:combinado|acordado|decidido)\b",
    r"\b(?:diretoria|assembleia|conselho|grupo|turma|equipe|gente|pessoal) (?:ja )?(?:decidiu|aprovou|escolheu|votou|resolveu)\b",
    r"\b(?:vamos|bora) (?:entao )?(?:de|com|sem|lancar|fechar|trocar|usar|comprar|alugar|manter|marcar|cancelar|limitar|abrir|"
    r"mudar)\b",
    r"\b(?:entao (?:fica|ficam|ficou|vai ser|vao ser)|fica (?:assim|entao|decidido|pra|para|dia|em|sendo|o|a|[0-9]+)|ficou pra)\b",
    r"^(?:entao |ok,? )?va[io] ser\b|^(?:ok,? )?entao vamos n[oa]s? ",
    r"\b(?:ficamos|fechamos|fechei|ficou) com\b",
    r"(?:\b(?:foi|foram|fica|ficou|ficaram|esta|ta|estao)|^(?:[oa] )?(?:jogo|reuniao|treino|aula|festa|"
    r"churrasco|viagem|evento|encontro|ensaio)) (?:cancelad|adiad|aprovad|marcad|remarcad|suspens|transferid|antecipad)"
    r"[oa]s?\b|\b(?:adiad|remarcad|transferid|antecipad)[oa]s? (?:para|pra|pro|por)\b|\b(?:adiamos|remarcamos|cancelamos)\b",
    r"\bmud(?:ou|amos) (?:pra|para|de)\b",
    r"\b(?:sem discussao|nao vai mais|nao vamos mais|nao precisa mais|a gente so|a partir de agora)\b",
    r"^ok, (?:sem|so|nada|dia|todos)\b",
    # Spanish, German, French
    r"\b(?:hemos decidido|decidimos|acordamos|quedamos en|queda (?:decidido|acordado)|decision tomada|nos quedamos con)\b",
    rf"{_START}(?:decidido|acordado|hecho|trato hecho|aprobado)\b[ :,].*\S",
    r"\b(?:vamos (?:con|a por)|pues entonces|no cobremos|lo dejamos (?:para|en))\b",
    r"\b(?:queda|quedo|quedan|esta|se ha|fue|ha sido) (?:aplazad|pospuest|cancelad|suspendid|aprobad)[oa]s?\b|"
    r"\b(?:aplazad|pospuest)[oa]s? (?:para|al?|hasta)\b|\bse (?:aplaza|pospone|cancela)\b",
    r"\b(?:ist|sind|wird|werden|wurde|wurden)\b.* (?:verschoben|verlegt|vertagt|abgesagt|genehmigt)\b|"
    r"\bfae?llt (?:leider |heute |morgen )?aus\b|\bdann (?:machen|nehmen|kaufen|treffen|bleiben|fahren|bestellen|mieten|buchen|"
    r"feiern|"
    r"essen|verschieben|gehen) wir\b|\b(?:verschoben|vertagt|verlegt) auf\b|\bwir (?:verschieben|verlegen|sagen .* ab)\b|"
    r"\blass(?:t|en wir)? uns [a-z]+",
    r"\b(?:est|sont|a ete|ont ete) (?:reporte|annule|decale|deplace|avance|approuve)e?s?\b|\breportee?s? (?:a|au|aux)\b|"
    r"\bon (?:reporte|decale|annule)\b",
    r"\b(?:wir (?:haben (?:uns )?(?:[a-z0-9.]+ )*(?:entschieden|beschlossen|geeinigt)|nehmen|machen|gehen|bleiben|kaufen|treffen)|"
    r"beschlossen|abgemacht|einigen wir uns|es bleibt (?:dabei|bei)|dann also)\b",
    r"\b(?:on a (?:decide|choisi|vote)|on s'est mis d'accord (?:pour|sur)|on se retrouve (?:au?|chez|devant|demain|l[ea]|[a-z]+di)|"
    r"nous avons decide|c'est decide|on part sur|on prend|on garde|convenu|c'est regle)\b",
)
DECISION_WITH = {
    "then": _any(
        r"^(?:so|then) it'?s\b",
        rf"{_START}(?:[^\s?]+ ){{1,6}}then\W*$",
        rf"{_START}(?:[^\s?]+ ){{1,3}}then, ",
    ),
    "we ": _any(
        rf"{_START}(?:\S+ ){{0,4}}?we (?:all |now |only |both |also |then |still )?{_WE_DO}\b",
        rf"[,:;] (?:so |and |then )?we (?:all |now |only |both |also |then )?{_WE_DO}\b",
    ),
    "entao": _any(
        rf"{_START}(?:[^\s,]+ ){{1,5}}entao(?:\W*$|, \S)",
    ),
}
"""The same, by a piece of text without which the pattern cannot match: these are dear."""
NOT_DECISION = _any(
    r"\b(?:haven't|have not|hasn't|didn't|not yet|nobody ever|no one ever|undecided|if (?:i|we|somebody|someone|she|he)|once|"
    r"let'?s see)\b|\b(?:decided|agreed|agree|agreeing|settled)(?: on)? nothing\b|\b(?:nothing|none of it)(?: is| was| has been|"
    r"'s)?"
    r"(?: yet)? (?:decided|agreed|settled|fixed|final)\b|\b(?:we've|is|are|was|been|it's|that's) not(?: been)?(?: yet)? "
    r"(?:decided|agreed|settled|fixed|final|official)\b|\b(?:nothing|not)\b.* yet\W*$|\bneither\b.* nor\b",
    rf"^(?:[^a-z0-9]*\b{_AGREEING}\b)+[^a-z0-9]*$",
    r"\blast (?:year|time|month|week)\b|\byears ago\b|\bi(?:'ve| have)? (?:have )?decided\b|^i\b.*\bthen\W*$|^eu\b.*\bentao\W*$|"
    r"\blet'?s go\W*$|^i'(?:ll|d|"
    r"ve)\b.*\bthen\W*$",
    rf"\b{_OUTSIDERS}(?: (?:of|at|in) (?:the )?[a-z]+)?(?: have| has| had| finally| just| already| also| ja)* {_DECIDED}\b",
    r"\b(?:they|he|she|eu|government|city|court|teachers?|parents|nobody|landlord) (?:have |has |had )?once\b",
    r"\b(?:always|usually|used to|every (?:summer|winter|spring|autumn|year|christmas|time)|todo ano|todos os anos|sempre)\b|"
    r"^(?:they|he|she|people) (?:say|says|said|think|thinks|told)\b",
    r"^deal with\b|\b(?:going|staying|went) with (?:my|his|her|him|me|them|you|your|mum|mom|dad|friends|somebody)\b|\bi(?:'m|"
    r" am| was|"
    r"'ll be)? "
    r"(?:going|staying|went) with\b",
    r"\b(?:can't|cannot|couldn't|could|might|should|who|what|when|which|why|how) (?:we|decide|do|did|are)\b|\bwe (?:should|"
    r"could|might)\b",
    r"\bwe (?:all )?(?:go|run) (?:back|out of|way)\b|\blet'?s (?:see|hope|decide|talk|discuss|say goodbye|be|sleep|wait|"
    r"face|not (?:forget|panic|worry|get|rush|fight|argue|be|start|even|talk|kid|pretend|jump|go there|decide|discuss))\b",
    r"\b(?:ainda nao|ninguem nunca|nunca|nao consigo|se eu|se a gente|tivesse|tinha|tinham|ano passado|uma vez|governo|"
    r"prefeitura)\b",
    r"\b(?:vamos (?:ver|decidir|esperar|pensar|falar|combinar|torcer)|eu decidi|eles|juiz)\b|^(?:esquece|deixa)\b.*\bentao\W*$",
    r"^(?:wenn|falls)\b|\b(?:aun no|todavia no|noch nicht|nicht entschieden|pas encore|pas decide)\b|\bnada (?:(?:foi|esta|"
    r"ficou|ta|fue) )?"
    r"(?:ainda )?(?:decidid|combinad|definid|resolvid|acordad|fechad)[oa]\b|\bdecid(?:imos|iu|iram) nada\b|\bnao (?:decidimos|"
    r"votamos|escolhemos|combinamos|fechamos|ficou|foi|esta)\b|\bno (?:hemos|decidimos|acordamos|se ha|esta)\b|"
    r"\bnichts? (?:[a-z]+ )?(?:entschieden|beschlossen|fest)\b|\bnicht (?:entschieden|beschlossen)\b|\b\bon verra\b|"
    r"\brien (?:[a-z]+ )?(?:decide|"
    r"choisi|vote|regle)\b|\blass(?:t|en wir)? uns (?:(?:mal|doch) )?(?:sehen|schauen|hoffen|reden|abwarten|warten|ehrlich)\b",
    r"^(?:(?:e|mas|entao|nos|a gente|nao|so|ok,?|sim,?|ai) )*(?:somos|estamos|temos|tinhamos|vamos ver|podemos|podiamos|"
    r"precisamos|perdemos|"
    r"ganhamos|queremos|sabemos|achamos|devemos|viemos|fomos|jogamos|esperamos|gostamos|amamos|vimos|chegamos|conseguimos|"
    r"estavamos|eramos|iamos|estivemos|tivemos|pegamos|demos|rimos|falamos|vivemos|moramos|podiamos|deviamos|tenemos|queremos|"
    r"debemos|creemos|"
    r"necesitamos|tuvimos|ficamos (?:felizes|"
    r"tristes))\b",
)
"""What only tells of decisions: of others, of the past, not made, or only wished for."""
TAKEN_BACK = _any(
    r"\b(?:scrap (?:the|that|it)|forget what i said|change of plans?|changed our minds?|(?:not|don't|won't)\b.* after all)\b",
    r"\b(?:nao vai mais|nao vamos mais|nao precisa mais|mudanca de planos)\b|^(?:cancela|desmarca|esquece) (?:a|o|as|os|tudo)\b",
    r"\b(?:cambio de planes|doch nicht|planaenderung|changement de plan)\b",
)
"""A decision taken back, which is a decision too."""
CALLED_OFF = _any(
    r"\b(?:is|are|it's|that's|was|been) (?:now )?(?:off|off the table|cancell?ed|called off|scrapped|revoked)\b",
    r"\bwe(?:'re| are)? (?:no longer|not .* any ?more)\b|\b(?:calling off|called off|we (?:drop|cancel|scrap)|"
    r"let's (?:drop|cancel|scrap))\b",
    r"\b(?:desistimos|(?:foi|foram|esta|ta|fica|ficou) (?:cancelad|desmarcad)[oa]s?|vamos (?:cancelar|desmarcar|desistir))\b",
    r"\b(?:(?:queda|esta|se ha) (?:cancelad|anulad)[oa]|ya no (?:vamos|hacemos|compramos|quedamos))\b",
    r"\b(?:abgesagt|fae?llt (?:[a-z]+ )?aus|wird nichts|(?:est|sont) annulee?s?|on (?:annule|laisse tomber)|finalement (?:non|"
    r"pas))\b",
)
"""What also takes back a decision that it clearly speaks of."""
OFF_ALONE = _any(
    r"^(?:(?:ok|no|sorry|so|guys|all|gente|pessoal|nao|desculpa),? )*(?:cancell?ed|cancel (?:it|that)|it's off|that's off|"
    r"forget it|never ?mind|scratch that|cancelad[oa]|cancela|esquece|desmarca|deixa pra la|anulad[oa]|olvidalo|abgesagt|"
    r"vergiss es|vergesst es|annule|laisse tomber|laissez tomber)\b",
)
"""The same in a reply, which need not say of what."""
PROPOSED = _any(
    r"\b(?:i (?:propose|suggest|move that|vote)|i(?:'m| am) (?:proposing|suggesting)|i'd (?:propose|suggest|go for)|my proposal|"
    r"proposal)\b|\blet'?s not\b",
    r"\b(?:proponho|sugiro|proposta|minha sugestao|propongo|sugiero|propuesta|ich schlage|vorschlag|je propose|proposition)\b",
)
AGREES = _any(
    r"^(?:ok|okay|yes|yep|yeah|yup|sure|agreed|agree|fine|good|great|deal|perfect|works|seconded|done|sounds good|i agree|"
    r"i'm in|count me in|same here|love it|let's do it|in$)\b|^(?:\+1|👍|👌|✅|💯|🤝|🙌)",
    r"^(?:sim|ok|beleza|blz|combinado|fechado|fechou|concordo|bora|boa|pode ser|por mim|perfeito|show|ta bom|topo|claro|certo|"
    r"otimo|isso|pra mim|apoiado|de acordo)\b",
    r"^(?:si|vale|claro|de acuerdo|hecho|me parece bien|perfecto|ja|genau|passt|gut|einverstanden|gerne|klar|klingt gut|oui|"
    r"d'accord|parfait|ca marche|ca me va|bien sur|bonne idee)\b",
)
NOT_AGREES = _any(
    r"\?|^(?:good|great|boa|bonne|gute?n?|ok|sure|fine) (?:question|pergunta|luck|sorte|morning|night|noite|tarde|luego|abend|"
    r"morgen|"
    r"point|grief)\b|^(?:claro que nao|isso nao|claro que no|klar nicht)\b|\b(?:but|mas|pero|aber|mais)\b",
)
"""What begins as if it agreed."""
AGREEING_REACTION = _any(
    r"^(?:👍|👌|✅|✔|☑|💯|🆗|🤝|🙌|:?(?:\+1|thumbs_?up|ok_hand|white_check_mark|heavy_check_mark)\b)"
)
ANNOUNCES = _any(
    r"\b(?:decided|settled|decision|decidid[oa]|decidimos|decisao|resolvid[oa]|acordad[oa]|decision|beschlossen|entschieden|"
    r"entscheidung|decide|official|oficial|final)\b",
)
"""Names itself a decision: a proposal of the same, just before it, is not another one."""
REFUSES = _any(
    r"\b(?:can't|cannot|won't|i'm afraid|not me|sorry|no way|unfortunately)\b|^(?:no|nope)\b",
    r"\b(?:nao posso|nao consigo|nao da|nao vou|desculpa|infelizmente|eu nao)\b|^(?:nao)\b",
    r"\b(?:no puedo|lo siento|leider|kann nicht|je ne peux pas|desole)\b|^(?:nein|non)\b",
)

_PT_I_DO = (
    r"(?:levo|trago|compro|mando|envio|faco|ligo|passo|busco|pego|reservo|marco|aviso|cuido|resolvo|preparo|imprimo|limpo|abro|"
    r"peco|procuro|escaneio|monto|exporto|conserto|ensino|reviso|escrevo|pergunto|devolvo|cancelo|confirmo|atualizo|anexo|falo|"
    r"respondo|pago|pesquiso|corrijo|troco|mudo|asso|cozinho|assino|fotografo|posto|publico|registro|anoto|organizo|divulgo|"
    r"arrumo|lavo|deixo|entrego|fico com|assumo|testo|subo|apago|junto|separo|convido|encomendo|agendo|traduzo|desenho|limito)"
)
_ES_I_DO = r"(?:llevo|traigo|compro|mando|envio|llamo|reservo|aviso|preparo|recojo|escribo)"
_DE_I_DO = r"(?:(?:bring|kauf|ruf|schreib|schick|hol|buch|bestell|besorg|reservier|ue?berweis|organisier|back|druck)e?)"
TAKES_ON = _any(
    r"\b(?:i'll|i will|i shall|i'm going to|i am going to|i'm gonna)(?: also| just| then| now| gladly| definitely|"
    r" quickly)? [a-z]+",
    r"^(?:\S+,? ){0,2}?will (?:do|bring|pack|get|ask|call|check|send|write|bake|make|take|book|order|fix|post|share|forward|"
    r"look|pick|try)\b",
    r"^(?:(?:ok|yes|sure),? )*(?:i'm |already )?on it(?:\W*$|[,;!.] )|\b(?:leave (?:it|that) to me|count on me for|i volunteer|"
    r"i got this|"
    r"doing that|doing it)\b",
    r"\blet me (?:check|ask|call|look|do|send|write|get|fix|find|book)\b",
    r"\bi can (?:bring|order|pick|send|call|ask|write|book|get|fetch|make|bake|lend|print|cover|fix|drop|collect|"
    r"prepare|sort|do (?:it|that))\b",
    r"(?:^|[,;] )(?:i'd be |i'm )?happy to (?:take|bring|do|host|drive|bake) (?:it|that|this|them|the|one|some|you)\b|"
    r"\bwe(?:'ll| will| can) bring\b",
    r"\bi(?:'m| am) (?:ordering|printing|drafting|organi[sz]ing|bringing|writing|changing|preparing|sending|booking|picking|"
    r"calling|collecting|"
    r"buying)\b",
    r"[,;] (?:bringing|sending|booking|fixing) (?:it|them|that)\b",
    r"\b(?:then )?i (?:take|write|bring|do|make|handle) (?:the|care|it|that)\b|\bi'd like to (?:do|take|write|make)\b",
    # Portuguese
    rf"\beu(?: mesmo| mesma| ja| tambem)? {_PT_I_DO}\b|\be eu (?:com )?(?:o|a|os|as)\b",
    rf"{_START}(?:te |lhe |vos |ja )?{_PT_I_DO}\b",
    rf"{_START}(?:eu )?posso (?:levar|trazer|fazer|comprar|buscar|pegar|ligar|falar com|mandar|enviar|reservar|imprimir|avisar|"
    r"preparar)\b",
    rf"[,;.:] (?:eu |te |ja )?{_PT_I_DO}\b",
    r"\bvou (?:la )?(?:[a-z]+[aei]r|por|la)\b",
    r"\b(?:deixa comigo|deixa que eu|deixem comigo|pode deixar|e comigo|fico responsavel|minha vez)\b",
    # Spanish, German, French
    rf"(?:\byo |[,;.:] (?:te |os |les? )?|{_START}(?:te |os |les? |l[oa]s? |ya )?){_ES_I_DO}\b",
    r"\b(?:yo hago|me encargo|voy a (?:llamar|comprar|"
    r"hacer|mandar|"
    r"enviar|reservar|preguntar|traer|preparar|escribir|arreglar))\b",
    rf"\bich (?:{_DE_I_DO}|mache?|frage?|kue?mmere?|werde|ue?bernehme)\b|\b{_DE_I_DO} ich\b",
    r"\bje (?:m'(?:en )?(?:occupe|charge)|vais (?:[a-z]+[ei]r|[a-z]+re)|ferai)\b|\bj(?:e (?:te |vous |l[ea]s? |lui |leur |l')?|')"
    r"(?:apporte|prends|amene|appelle|reserve|envoie|prepare|achete|rembourse|commande|imprime)\b",
)
_SOON = (
    r"(?: (?:then|today|tonight|now|later|tomorrow|hoje|amanha|entao|logo|hoy|manana|luego|esta (?:tarde|noche)|heute(?: noch)?|"
    r"morgen|gleich|"
    r"spater|ce "
    r"soir|demain|tout de suite))?"
)
_WITH_LEAD = (
    r"^(?:(?:ok|okay|yes|yep|sure|fine|sim|claro|ta|tudo bem|si|vale|ja|gut|klar|oui|alors|bon|then|entao)\b[,:!.]* )*"
)
ACCEPTS = _any(
    rf"{_WITH_LEAD}(?:(?:i'm |already )?on it|i(?:'ll| will| can| could)(?: gladly| happily)?(?: (?:do|take|handle|sort|manage|"
    rf"see to|"
    r"look after|take care of) (?:it|that|this)(?: one)?)?|leave (?:it|that) (?:to|with) me|i(?:'ve)? got (?:it|this|that)|"
    rf"(?:will|can) do(?: it| that| this)?|count on me|consider it done|i volunteer|doing it|(?:i'd be |i'm )?happy to(?: (?:do|"
    rf"take|help)(?: (?:it|that|this|them))?)?|me){_SOON}(?:\W*$|[,;!.] )",
    rf"{_WITH_LEAD}(?:deix[ae]m? comigo|deixa (?:que )?eu (?:faco|resolvo|vejo|trato)|podes? deixar|e comigo|eu (?:mesm[oa]|"
    rf"faco|trato|"
    r"resolvo|cuido|vou|posso)(?: (?:isso|disso|nisso))?|(?:eu )?trato (?:eu )?d?isso|faco eu|posso(?: (?:sim|eu))?|conta comigo|"
    rf"fico com (?:isso|essa)|fica comigo|[a-z]+o eu|eu [a-z]+o(?: isso| sim| el[ea]s?)?|[a-z]+o sim|"
    rf"vejo(?: isso)?){_SOON}(?:\W*$|[,;!.] )",
    rf"{_WITH_LEAD}(?:(?:yo )?me encargo(?: yo)?|yo (?:lo hago|voy|puedo)|dejamelo(?: a mi)?|cuenta conmigo|voy yo|"
    r"(?:mach|hol|bring|kauf|schick|bestell|besorg|buch|ue?berweis)e? ich|(?:das )?ich mach(?:e|s|'s)?(?: das| es)?|"
    r"das mach(?:e)? ich|ich kue?mmere mich(?: darum)?|(?:das )?"
    r"ue?bernehme? ich|ich ue?bernehme?(?: das| es)?|kann ich machen|je m'en (?:occupe|charge)|j'y vais|je le fais|"
    rf"je fais ca|compte sur moi|(?:les? |l[oa]s? |se lo )?[a-z]+o yo|yo (?:le |lo |la )?[a-z]+o){_SOON}(?:\W*$|[,;!.] )",
)
"""Takes on what another has asked for, and says nothing of it."""
NOT_TAKES_ON = _any(
    r"\b(?:i'll|i will|i'm going to|i'm gonna)(?: also| just| then)? (?:be|see|never|miss|bet|probably|have to|need|think|admit|"
    r"say|"
    r"believe|survive|always|know|give (?:it|you)|live|die|kill|lose|stay|love|hate|come|join|eat)\b",
    r"\bif (?:i|you|someone|somebody|only)\b|\bi can't\b|\bi was going to\b|\btold (?:you|him|her|them)\b",
    r"\bvou (?:ver|ser|estar|ir|ter|chegar|dormir|esperar|tentar|ficar|embora|morrer|perder|chorar|sair|viajar|parar)\b",
    r"\bllevo (?:[a-z0-9]+ )?(?:minutos|horas?|dias?|semanas?|mes(?:es)?|anos?|tiempo|esperando)\b|"
    r"\bich (?:frage? mich|[a-z]+ mir)\b|\bich\b.* (?:nicht|nie|immer)\b|^(?:was|warum|wie|wann|wo|wen)\b.*\bich\b|"
    r"\bj(?:e |').* (?:jamais|souvent|toujours|pas|mal)\b|\b(?:siempre|nunca|mucho)\b|"
    r"\b(?:abrazos?|besos?|bisous?|abracos?|beijos?)\b",
    r"\b(?:nao vou|eu ia|ja (?:paguei|fiz|mandei)|se eu)\b|\bich werde (?:nicht|nie|sehen)\b",
)
_DID = (
    r"(?:sent|bought|booked|called|ordered|paid|posted|uploaded|printed|finished|fixed|returned|cleaned|confirmed|reserved|"
    r"wrote|written|asked|brought|picked up|handed in|submitted|updated|cancell?ed|shared|forwarded|attached|collected|baked|"
    r"packed|signed|made|done|reviewed|merged|emailed|e-mailed|mailed|spoken to|spoke to|talked to|dropped off)"
)
_PT_DID = (
    r"(?:mandei|enviei|comprei|liguei|reservei|paguei|fiz|imprimi|avisei|marquei|falei com|confirmei|atualizei|corrigi|consertei|"
    r"limpei|levei|trouxe|busquei|peguei|devolvi|escrevi|respondi|resolvi|publiquei|postei|subi|encomendei|agendei|cancelei|"
    r"terminei|entreguei|pedi|assinei|organizei|preparei|deixei)"
)
_ES_DID = (
    r"(?:enviado|mandado|comprado|llamado|reservado|pagado|hecho|impreso|avisado|confirmado|actualizado|arreglado|limpiado|"
    r"llevado|traido|recogido|escrito|publicado|pedido|terminado|entregado|preparado|hablado con)"
)
_ES_I_DID = (
    r"(?:compre|mande|envie|reserve|pague|hice|llame|avise|hable con|imprimi|escribi|traje|lleve|recogi|pedi|arregle|entregue|"
    r"termine)"
)
_DE_DID = (
    r"(?:geschickt|gesendet|gekauft|angerufen|gebucht|bestellt|bezahlt|gemacht|erledigt|gedruckt|ausgedruckt|repariert|geputzt|"
    r"gebracht|geholt|abgeholt|geschrieben|hochgeladen|abgegeben|reserviert|bestatigt|gefragt|fertig|vorbereitet|besorgt)"
)
_FR_DID = (
    r"(?:envoye|achete|appele|reserve|paye|fait|imprime|prevenu|confirme|corrige|repare|nettoye|apporte|pris|ecrit|publie|"
    r"commande|termine|rendu|prepare|demande|parle)(?:e|s|es)?"
)
_LEADS_TO_DONE = (
    r"^(?:(?:ok|okay|alright|right|yes|yep|all|and|so|there|it's|its|it is|that's|is|are|ja|sim|pronto|ta|esta|tudo|ya|listo|"
    r"eh|oui|voila|c'est|ist|alles|schon|bereits|so|ok|somebody)\b[,:!.]? ?)*"
)
_IT = r"(?: (?:it|them|that|those|this|everything|all|both|isso|tudo|ele|ela|lo|la|todo|es|das|alles|ca|tout))?"
_JUST = r"(?: just| already| now| finally| also)?"
_AGO = (
    r"(?: (?:now|already|just now|today|yesterday|this morning|agora|ja|hoje|ontem|ya|hoy|ayer|gerade|schon|heute|gestern|"
    r"hier))?"
)

DONE_ALONE = _any(
    rf"{_LEADS_TO_DONE}(?:done|finished|sorted|taken care of|feit[oa]s?|prontinh[oa]|resolvid[oa]|hech[oa]s?|listo|erledigt|"
    rf"fertig|gemacht|geschafft|fait|regle|termine)(?: and dusted)?{_AGO}\W*$",
    rf"^(?:(?:ok|and|so|yes|there),? )?(?:i(?:'ve| have)? )?(?:just |already |now |finally )?(?:{_DID}{_IT}|did (?:it|that))"
    rf"{_AGO}\W*$",
    rf"^(?:(?:ok|e|sim|pronto),? )?(?:eu )?(?:ja )?(?:o |a |os |as |te )?{_PT_DID}{_IT}{_AGO}\W*$",
    rf"^(?:(?:ok|y|si),? )?ya (?:te )?(?:l[oa]s? |les? )?{_ES_I_DID}{_AGO}\W*$",
    rf"^(?:(?:ok|y|si),? )?(?:ya )?(?:lo |la |los |las |te lo )?he {_ES_DID}{_IT}{_AGO}\W*$",
    rf"^(?:(?:ok|ja|so),? )?(?:ich )?hab(?:e|'s|s)?(?: ich)?(?: es| das| sie| ihn| alles| schon| gerade| bereits)* {_DE_DID}\W*$",
    rf"^(?:(?:ok|oui),? )?(?:je l'ai|je les ai|j'ai)(?: deja| bien)? (?:tout )?{_FR_DID}{_AGO}\W*$",
)
"""Says that something is done, and not what: the task is the one spoken of."""
DONE_WITH = _any(
    rf"\bi(?:'ve| have)?{_JUST} {_DID}\b",
    rf"^(?:{_DID}|got) (?:the|my|your|our|his|her|their|all|both|him|her|them)\b|\bi(?:'ve| have) got the\b",
    rf"\b(?:is|are|has been|have been|was|were|all|got){_JUST} {_DID}\b",
    r"^(?:(?:done|ok|okay|feito|pronto|hecho|listo|erledigt)[,:!.] )?"
    r"(?:(?:the|o|a|os|as|el|la|los|las|le|les|der|die|das) )?\S+ (?:(?:booked|sent|paid|bought|printed|ordered|fixed|reserved|"
    r"cleaned|updated|uploaded|submitted|confirmed|posted)|(?:reservad|comprad|enviad|pagad|marcad|agendad|encomendad|entregad|"
    r"impres|pag|"
    r"feit|hech)[oa]s?|(?:ist )?(?:gebucht|gekauft|bestellt|bezahlt|geschickt|repariert|reserviert)|(?:achete|reserve|envoye|"
    r"paye|imprime|commande)"
    r"e?s?)(?:\W*$|[,;!.] | (?:for|pro|pra|para|today|yesterday|hoje|ontem)\b)",
    rf"^(?:somebody )?(?:eu )?(?:ja )?(?:te |lhe )?{_PT_DID}\b|[,;.:] (?:eu )?ja {_PT_DID}\b|\bacabei de [a-z]+[aei]r\b",
    r"\b(?:ja )?(?:esta|ta|estao|foi|foram) (?:feit|enviad|pag|comprad|reservad|marcad|impress|entregue|resolvid|pront)[oa]?s?\b",
    rf"\bya (?:l[oa]s? |les? )?{_ES_I_DID}\b|\b(?:he|hemos) {_ES_DID}\b|\bya (?:esta|estan) (?:hech|enviad|pagad|comprad|"
    rf"reservad|list)[oa]s?\b",
    rf"\bhab(?:e|'s|s)?\b.* {_DE_DID}\b|\b(?:ist|sind)\b.* (?:{_DE_DID}|da)\W*$",
    rf"\bj'ai(?: deja| bien)? {_FR_DID}\b|"
    r"\b(?:est|sont)(?: deja| bien)? (?:fait|envoye|paye|achete|reserve|imprime|commande|pret)(?:e|s|es)?\b",
)
"""Says that something is done, and what: a task has words of it."""
NOT_DONE = _any(
    r"\b(?:not|never|almost|nearly|half|yet|when|once|if|until|till|unless|as soon as|before|wish|should|would|could|must|need|"
    r"wants?|will|who|what|last (?:year|time|month|week)|years? ago|used to)\b|n't\b|'ll\b",
    r"\b(?:nao|nunca|quase|ainda|quando|assim que|depois que|se|antes|quem|ano passado|vou|vamos|vai)\b",
    r"\b(?:casi|todavia|aun|cuando|antes de|quien|nunca)\b|\bno (?:[a-z]+ )?(?:he|hemos|esta|estan)\b",
    r"\b(?:nicht|noch|fast|wenn|sobald|bevor|wer|nie|werde|wird)\b",
    r"\b(?:pas|presque|encore|quand|des que|avant|qui|jamais|vais|va)\b",
)
"""What is not done yet, or was long before the talk."""
_VERB = (
    r"(?:send|bring|call|ask|print|order|book|check|tell|write|put|change|update|buy|pick|clean|take|make|add|fix|pay|upload|"
    r"share|keep|give|open|get|let|review|attach|proofread|reply|return|confirm|remind|read|close)"
)
_PT_VERB = (
    r"(?:manda|traz|leva|liga|compra|pede|pergunta|guarda|avisa|reclama|passa|imprime|marca|reserva|confirma|envia|pega|busca|"
    r"parcela|chama|escreve|atualiza|corrige|faz|fecha|abre|paga|devolve|mandem|tragam|levem|avisem|confirmem)"
)
REQUESTS = _any(
    rf"\bplease,? (?:don't forget|{_VERB})\b",
    rf"\b{_VERB}\b.* please\W*$",
    r"\b(?:can|could|would|will) (?:you|somebody|someone|anybody|anyone)(?: please| maybe| also)? [a-z]+",
    r"\b(?:don't forget|do not forget|remember to|make sure)\b|\bto-?do ?:",
    r"\b(?:someone|somebody|you) (?:has|have|needs?|ought) to\b|\b(?:someone|somebody) (?:must|should)\b",
    r"\b(?:we|i)(?: still| also| really| just)? need (?:to [a-z]+ .*|.*\b(?:by|before)\b.*)|"
    r"\b(?:we|i)(?: still| also)? need (?:someone|somebody) to [a-z]+",
    rf"^(?:someone|somebody) (?:{_VERB}|will|must|should|please)\b",
    rf"^(?:and |somebody )?{_VERB} (?:me|him|her|them|it|the|my|your|our)\b.* \S+ \S+",
    r"\b(?:has|have) to be (?:back|done|ready|returned|sent|paid)\b",
    # Portuguese
    r"\b(?:voce|vc|alguem|tu|somebody)(?: me)? (?:podes?|poderias?|podias?|consegues?|precisas?|te(?:m|ns) (?:que|de)|"
    r"deves?)(?: me)? [a-z]+",
    rf"\b(?:voce|vc|somebody) {_PT_VERB}\b",
    rf"^(?:somebody |(?:amor|mae|pai|gente|pessoal|galera|filh[oa]|amig[oa]), )?(?:me )?{_PT_VERB}\b .*\S|"
    rf"\bpor favor {_PT_VERB}|\b{_PT_VERB}\b.*\bpor favor\b|"
    r"\bdeixem?\b.*\bpor favor\b|\bdeixa\b.*\bpor favor\b|\bsomebody fica (?:responsavel|encarregad[oa])\b|\bpra mim\?",
    r"^(?:somebody )?(?:mandas|trazes|levas|compras|fazes|envias|ligas|marcas|reservas|imprimes|avisas|confirmas|tratas|"
    r"passas)\b.*\?",
    r"\b(?:nao (?:te |se |vos )?esquec[a-z]*|no (?:te |os )?olvid[a-z]+|lembr(?:a|ar|em) de|preciso que|precisa ser|tem que ser|"
    r"(?:tem que|falta|faltou) (?:avisar|comprar|buscar|ligar|levar|trazer|pagar|mandar|enviar|reservar|marcar|confirmar|pegar|"
    r"pedir|imprimir|limpar)|te(?:ne)?mos que [a-z]+r|precisamos [a-z]+r)\b",
    r"^(?:somebody )?(?:podes?|consegues?|podem|podias?|poderias?|conseguias?)(?: me)? [a-z]+r\b|\bimportas-te de [a-z]+r\b",
    r"\bme (?:manda|passa|traz|envia)\b|\bpreciso d[a-z]+ .*\bate\b|\balguem (?:me )?(?:passa|leva|traz|vai|faz|abre|manda)\b",
    # Spanish, German, French
    r"\b(?:puedes|podrias|(?:puede|podria) alguien|(?:manda|envia|pasa|trae|avisa|compra)(?:me|nos|le|les)|"
    r"alguien (?:puede|tiene que)|no te olvides|hay que|tienes que)\b",
    r"\b(?:kannst du|koe?nnte?t ihr|koe?nntest du|k(?:ann|oe?nnte) jemand|wir mue?ssen (?:noch|unbedingt|dringend)|"
    r"bitte (?:denkt?|vergesst|bringt?|schickt?|meldet) [a-z]+|jemand muss|vergiss nicht|denk dran|du musst)\b",
    r"\b(?:peux-tu|tu peux|pourrais-tu|pouvez-vous|quelqu'un (?:peut|doit)|n'oublie|il faut|il faudrait (?:que|[a-z]+[ei]r|"
    r"[a-z]+re)|s'il te plait)\b",
)
NOT_REQUESTS = _any(
    r"\b(?:yes|no|red|oh|thanks) please\b|^please (?:no|do|don't)\W*$",
    r"\b(?:can|could|would|will) (?:you|anybody|anyone|someone|somebody) (?:come|make it|hear|see|believe|tell|imagine|ever|"
    r"forget|just|not)\b",
    r"\bi need to (?:get|go|leave|be|run|sleep|eat|think|know|see|say|talk|rest|work|study)\b|^(?:pode|podem) ser\b|"
    rf"^(?:somebody )?{_PT_VERB} sim\W*$",
    r"\b(?:we need to|precisamos|te(?:ne)?mos (?:que|de)) (?:talk|discuss|think|decide|see|agree|choose|hablar|elegir|conversar|"
    r"falar|decidir|ver|"
    r"pensar|"
    r"combinar|escolher)\b",
    r"\bwir mue?ssen .*(?:reden|sprechen|entscheiden|sehen|ue?berlegen|warten|gehen)\W*$|"
    r"^(?:tem que|falta) .*\?|\bif (?:you|someone|somebody)\b|"
    r"\bremember (?:when|how|that)\b|\bremember to (?:breathe|smile)\b",
    r"^(?:get rid|tell me about|take care|take it easy|make it|keep it|let me|let's|let it|take your time)\b",
    r"^(?:passa|faz|leva|fecha) (?:mal|parte|frio|calor|anos|tempo|muito|sentido)\b|^faz\b",
    r"\bfazer o que\b|\bvoce(?:s)? (?:vira|viu|sabe|conhece)",
)

ASKS_WHO_DOES = _any(
    r"\bwho(?:'ll| will| can| could| wants to| would like to| is going to|'s going to|'s bringing|'s taking|'s doing|'s buying) ",
    r"^(?:\S+ ){0,3}?who (?:does|picks|brings|takes|buys|calls|books|writes|sends|makes|drives|cooks|checks|asks|orders|prints|"
    r"fixes|"
    r"cleans|collects|opens|handles|organi[sz]es|prepares|pays|hosts|bakes|gets)\b",
    r"^(?:\S+ ){0,3}?quem (?:vai|pode|consegue|faz|traz|leva|compra|liga|manda|mede|marca|reserva|busca|pega|avisa|escreve|imprime|"
    r"cuida|abre|paga|cozinha|organiza|prepara|limpa|pergunta|fecha|arruma|passa|fica com|trata)\b",
    r"^(?:\S+ ){0,3}?(?:quien (?:puede|va a|trae|compra|lleva|llama|hace|reserva|se encarga)|wer (?:kann|bringt|kauft|holt|"
    r"macht|ruft|"
    r"bucht|bestellt|ubernimmt|kocht|kuemmert|kummert)|qui (?:peut|va|apporte|achete|prend|fait|appelle|reserve|s'occupe))\b",
)
"""Asks for somebody to do something; "who did it?" does not."""
VOLUNTEERS = _any(
    r"^(?:(?:ok|yes|sure|sim|claro|ja|oui|si|pode ser),? )*(?:me|i will|i can|i could|i do|i'll|eu|yo|ich|moi|je|comigo|mach ich|"
    r"minha vez|my turn|on it)(?:\b[,.! ]|\W*$)",
)
"""Says that it is the one who speaks."""
ASKS_US = _any(
    r"^(?:\S+ ){0,3}?(?:(?:can|could|should|shall) we|podemos|da pra|a gente pode|konnen wir|koennen wir|on peut)\b",
)
"""Asks a group whether something is to be done; who says "on it" does it."""
ON_IT = _any(
    r"^(?:(?:ok|yes|sure|good idea|sim|claro|boa|vale|ja|gut|oui),? )*(?:(?:already )?on it|i(?:'ll| can) do (?:it|that)|"
    r"leave (?:it|that) (?:to|with) me|deixa comigo|pode deixar|me encargo|mache? ich|je m'en (?:occupe|charge))\b",
)
ADDRESSED = _any(
    r"^(?:(?:hey|hi|hello|oi|ola|hola|hallo|salut|ok|and|so|e|then|please|por favor|bitte)\b,? )*somebody\b|,? somebody\W*$|"
    r"(?:\bplease|\bpor favor|,) somebody\b|\bsomebody (?:can|could|will|would|please|has to|have to|needs?|must|should|to|podes?|"
    r"poderia|consegue|precisa|tem que|deve|vai|fica|puede|tiene que|kann|muss|peut|doit)\b",
)
"""Asks whom it names, and does not only speak of them."""
QUESTION_WORD = _any(
    r"^(?:\S+ ){0,3}?(?:who|whose|what|when|where|which|why|how|since when|any)\b",
    r"^(?:e [oa]s?|y (?:el|l[ao]s?)|und d(?:ie|er|as)|et l[ea]s?|and the) \S+\W*$",
    r"^(?:\S+ ){0,3}?(?:quem|qual|quais|quando|onde|quanto|quantos|quantas|quanta|que horas?|cade|como|o que|por que|"
    r"desde quando|que)\b",
    r"^(?:\S+ ){0,3}?(?:quien|cual|cuando|donde|cuanto|cuantos|como|que|wer|wann|wo|wie|was|welche[rsn]?|warum|qui|quand|ou|"
    r"combien|quel[a-z]*)\b",
)
RHETORICAL = _any(
    r"\b(?:seriously|honestly|how hard can|how is that even|who knew|who would know|who could ever|who'd have|what's the point|"
    r"what did i do|"
    r"lost your mind|you kidding|can you believe|is there any justice|is democracy|who says|ever forget|don't you think)\b",
    r"^(?:who leaves|who plays|who else|why is everyone|why me|what is wrong with|what could go wrong|since when do)\b",
    r",? (?:right|is he|isn't it|did they|haha|lol|k{2,}|ne|sabia|eh|oder|gell|no|huh)\?+\W*$",
    r"\?+ (?:haha|lol|kk|rs)|\bdefine [a-z]+\?*$",
    r"\b(?:quem mandou|quem diria|quem inventou|quem vai saber|quem e o|quem foi o genio|alguem ainda acredita|ta maluco|"
    r"fazer o que|"
    r"ou pra comer|quem nunca|como pode|onde ja se viu|democracia)\b",
)
"""What has a question mark and wants no answer."""
BARE = _any(
    r"^(?:really|what|again|seriously|everything|sure|huh|no|yes|and|so|ok|you|serio|que|de novo|tudo|sim|nao|e agora|mesmo|ah|"
    r"oi|como|ha|hein|was|echt|wirklich|de verdad|vraiment|quoi|who|plan b|what now|so what now|was it|me|mentira|sera)?[\s?!]*$",
)
REACTION = _any(
    r"^(?:lol|haha[a-z]*|ha+|hm+|k{2,}|rs+|wow|ouch|ugh|ohh*|ah+|oh|oi|thanks?|thx|thank you|obrigad[oa]|valeu|ok mum|nice|great|"
    r"lovely|cool|typical|phew|yay|legend|oh no|no way|putz|eba|show|que (?:pena|saco|alivio)|meu deus|noo+|nao+o|so sorry|"
    r"same)\b[^,;]{0,24}$",
)
YES_OR_NO = _any(
    r"^(?:yes|yep|yeah|yup|no|nope|sure|not|of course|probably|maybe|done|gladly|fine|ok|okay|agreed|deal|works|i (?:do|did|"
    r"have|am|can|will)|will do|me too|i'm in)\b|^\W*maybe\b|^in\W*$",
    r"^(?:sim|nao|claro|pode|podemos|posso|consigo|da|vale|tem|vou|ok|ainda|acho|talvez|certeza|combinado|bora|so|"
    r"precisa(?:mos)?|ja|deu|leva|"
    r"eu tambem|to dentro|muito)\b",
    r"^(?:si|no|claro|ja|nein|oui|non|bien sur|doch)\b|"
    r"^(?:haha[a-z]*|lol|k{2,}|rs+),? (?:yes|yep|yeah|no|nope|sim|nao|si|ja|nein|oui|non)\b",
)
ASKS_NUMBER = _any(
    r"\b(?:how (?:much|many|long|far|often)|what time|when|what date|price|cost|until when|capacity|deadline|due)\b",
    r"\b(?:quanto|quantos|quantas|que horas?|quando|ate quando|qual o (?:horario|valor|preco)|que dia|pra quando)\b",
    r"\b(?:cuanto|cuantos|cuando|a que hora|wie viel|wann|wie lange|combien|quand|quelle heure)\b",
)
ASKS_WHO = _any(r"\b(?:who|whose|quem|quien|wer|qui|anyone|anybody|someone|somebody|alguem|alguien|jemand|quelqu'un)\b")
CHOICE = _any(
    r"\b(?:or|ou|oder)\b|\b(?:should|shall|do) we\b|\b(?:trocamos|vamos|abrimos|preferem|preferes|prefere)\b",
)
"""What asks a group to choose: what is decided of it is the answer, whoever says it."""
I_SAY = _any(r"\b(?:i|me|i'll|i'm|mine|my turn|eu|comigo|minha|meu|yo|ich|je|moi|us|nos|ours|we)\b")
ASKS_WHOM = _any(r"\b(?:who|whose|quem|quien|wer)\b|^qui\b")
SAYS_WHO = _any(
    r"\b(?:i|me|i'll|i'm|mine|my turn|eu|comigo|minha|meu|yo|ich|je|moi|us|nos|ours|we|somebody|nobody|no one|everyone|"
    r"everybody|all of|"
    r"he|she|they|him|her|them|ninguem|alguem|todos|todo mundo|ele|ela|eles|elas|nadie|el|ella|niemand|alle|er|sie|personne|"
    r"tout le "
    r"monde|lui|elle|mum|mom|dad|mae|pai)\b",
)
ASKS_WHERE = _any(r"\b(?:where|onde|cade|donde|wo|wohin)\b|^ou\b")
SAYS_WHERE = _any(
    r"\b(?:in|at|on|under|behind|near|next to|by|from|here|there|outside|inside|upstairs|downstairs|anywhere|nowhere|same place|"
    r"left|"
    r"right|via|no|na|nos|nas|em|num|numa|ao|atras|perto|debaixo|dentro|fora|aqui|ali|la|embaixo|en|detras|cerca|debajo|aca|"
    r"alli|alla|"
    r"im|auf|unter|hinter|neben|bei|beim|am|dort|hier|da|oben|unten|dans|sur|sous|chez|derriere|ici|au|aux)\b|https?://|[0-9]",
)
SAYS_NUMBER = _any(
    r"[0-9]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|half|noon|midnight|free|nothing|um|uma|dois|duas|tres|"
    r"quatro|"
    r"cinco|seis|sete|oito|nove|dez|meio-dia|meia|gratis|nada|uno|dos|cuatro|siete|ocho|nueve|diez|eins|zwei|drei|vier|funf|sechs|"
    r"sieben|acht|neun|zehn|deux|trois|quatre|cinq|sept|huit|neuf|dix|today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|"
    r"sun)day|"
    r"week|month|hours?|minutes?|days?|overnight|morning|afternoon|evening|soon|now|hoje|amanha|segunda|terca|quarta|quinta|sexta|"
    r"sabado|domingo|semana|mes|hoy|manana|lunes|martes|miercoles|jueves|viernes|heute|morgen|montag|dienstag|mittwoch|donnerstag|"
    r"freitag|samstag|sonntag|woche|aujourd'hui|demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|many|much|lots|muito|"
    r"pouco|"
    r"depends|depende|no idea|after|before|depois|antes|when|quando|until|ate)\b",
)
TURNS_AWAY = _any(
    r"^(?:by the way|btw|anyway|anyways|speaking of|changing the subject|on another note|good (?:morning|afternoon|evening|"
    r"night|day)|"
    r"hi|hello|hey|happy (?:birthday|new year|easter)|merry|congrat[a-z]*|welcome|thanks for|thank you for|look at|guys look|"
    r"bom dia|boa (?:tarde|noite)|ola|oi|mudando de assunto|alias|falando nisso|a proposito|feliz|parabens|obrigad[oa] (?:por|"
    r"pel[oa])|"
    r"que jogo|buen[oa]s|hola|por cierto|cambiando de tema|felicidades|feliz|guten|moin|hallo|ubrigens|alles gute|bonjour|bonsoir|"
    r"salut|au fait|joyeux|bon anniversaire)\b",
)
"""Greets, congratulates, or speaks of something else."""
