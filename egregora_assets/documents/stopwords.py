"""Words that say nothing of a subject, in English, Portuguese, Spanish, German and French: topics and cohesion leave them out."""

from __future__ import annotations

import unicodedata

STOPWORDS = frozenset(
    """
    about above actually after again against almost already also always another anyone anything around away back because
    been before being below best better between both bring came cannot come comes could didn didnt does doesn doesnt doing
    done dont down each either else enough even ever every everyone everything find first from gets getting give goes going
    gone gonna good great guess hasn have haven havent having hello here herself himself hope however ideas into isnt itself
    just keep kind know last later least less like little look looks made make makes making many maybe mean might more morning
    most much must myself near need needs never next nice nothing okay once only other others ought ours over people please
    pretty quite rather really right said same says seem seems seen sent shall should shouldn show since some somebody
    someone something soon sorry still such sure take takes talk tell than thank thanks that thats their theirs them themselves
    then there theres these they thing things think this those though three through time today together tomorrow tonight told
    took tried trying under until upon very want wants wasn wasnt week well went were weren what whatever when where whether
    which while whole whom whose will wish with within without wont work works would wouldn year yeah years yesterday youll
    your youre yours yourself youve
    agora ainda algo alguém algum alguma alguns amanhã antes apenas aquela aquele aqui assim até bem boa boas bom cada casa
    certo coisa com como contra cuja cujo dela dele deles demais depois desde dessa desse desta deste deve devem dia dias disse
    disso disto dois duas durante ela elas ele eles embora então entre eram essa essas esse esses esta está estamos estão estar
    estas estava este estes estou eu fazer faz fica ficar ficou foi foram gente hoje ia isso isto já lá mais mas melhor menos
    mesma mesmo meu meus minha minhas muita muito muitos nada não naquele nela nele nem nenhum nessa nesse nesta neste ninguém
    nós nossa nosso nunca ontem onde ou outra outras outro outros para parece pela pelas pelo pelos pessoal pode podem pois por
    porque pouco pra pro quais qual qualquer quando quanto quase que quem quer sabe são seja sem sempre sendo ser será seria
    seu seus sim só sobre sua suas tá também tanto tão tem temos tenho ter teve tinha toda todas todo todos tudo uma umas vai
    vamos vem ver vez vezes você vocês vou
    ahora algo algún alguna algunas alguno algunos allí ante antes aquel aquella aquí así aunque bien bueno cada casi cerca como
    cómo contra creo cual cuál cualquier cuando cuándo cuanto desde después donde dónde dos ella ellas ellos entonces entre era
    eran eres esa esas ese eso esos esta está están estar estas este esto estos estoy fue fueron gracias hace hacer hacia hasta
    hay hola hoy luego mañana más mejor menos mientras mismo mucha mucho muchos muy nada nadie ningún nosotros nuestra nuestro
    nunca otra otras otro otros para pero poco poder puede pueden pues porque qué quien quién quiero sabe según ser será sería
    siempre sino sobre solo sólo somos soy tal también tampoco tan tanto tengo tenemos tiene tienen toda todas todavía todo
    todos tras tuve una unas uno unos usted ustedes vamos vez voy
    aber alle allem allen alles also andere anderen auch bald beim bereits bist bitte danke dann dass dein deine denn deren
    diese diesem diesen dieser dieses doch dort durch eben eigentlich ein eine einem einen einer eines einfach einmal etwas euch
    euer fast ganz gegen gehen geht genau gerne gibt habe haben hallo hast hatte hätte heute hier hinter ich ihnen ihre ihrem
    ihren immer irgendwie jede jeder jetzt kann kannst kein keine klar können könnte machen macht mehr mein meine meist mich
    mir mit morgen muss müssen nach nicht nichts noch nochmal nun nur oder ohne sagt schon sehr sein seine selbst sich sicher
    sind soll sollte sondern sonst über überhaupt und uns unser unter viel viele vielleicht vom von vor wann warum was weil
    weiß welche wenig wenn wer werde werden wieder will wird wirklich wollen worden wurde wäre zum zur zusammen zwei zwischen
    alors après assez aucun aujourd aussi autre autres avait avant avec avoir beaucoup bien bonjour bonne cela celle celui
    cependant certains ceux chaque chez comme comment contre dans demain depuis dernier deux devant doit donc dont elle elles
    encore enfin ensuite entre était étaient être faire fait faut fois hier jamais jour leur leurs lors maintenant mais mal
    merci même mêmes mieux mois moins nous notre parce parfois parmi partout pendant personne petit peut peux plus plusieurs
    plutôt pour pourquoi presque puis quand quel quelle quelque quelques quoi rien sans sera serait seulement sinon sont sous
    souvent suis sur toujours tous tout toute toutes très trop vais vers voici voilà vont votre vous vraiment
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
    november december four five seven eight nine eleven twelve twenty thirty forty fifty hundred half second third minute
    minutes hour hours month months weekend mine mind yours
    segunda terça quarta quinta sexta sábado domingo janeiro fevereiro março abril maio junho julho agosto setembro outubro
    novembro dezembro quatro cinco seis sete oito nove trinta semana semanas minuto minutos hora horas
    lunes martes miércoles jueves viernes enero febrero marzo mayo junio julio septiembre octubre noviembre diciembre cuatro
    cinco siete ocho nueve diez treinta semana meses
    montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz juni juli oktober dezember vier fünf sechs
    sieben acht neun zehn woche wochen stunde stunden
    lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin juillet août septembre octobre novembre
    décembre quatre cinq sept huit neuf trente semaine semaines heure heures
    http https www
    """.split()
)
"""Words too common to be a topic."""
_SAID_IN_PASSING = """
    abend bonsoir buenas dear evening guten haha hahaha hiya kkkk manhã night noches noite nope obrigada obrigado rsrs salut
    tarde tardes
"""


def _plain(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


COMMON_WORDS = frozenset(plain for word in (*STOPWORDS, *_SAID_IN_PASSING.split()) if len(plain := _plain(word)) >= 4)
"""Words that any two conversations share; from four letters on, without accents."""
