"""What the vectors of a model have in common, whatever is said: signs are kept about it, not about zero.

It is made of sentences that stand here, so it is nobody's words, and the same whenever and from whatever an index is made. With
it 99.2 to 99.4 % of the ten nearest were among the 400 nearest by signs, however much all vectors had in common; without it 99.5 %
where that was little, 97.8 % where it was three quarters of their length, and 88 % where it was nine tenths.
"""

from __future__ import annotations

import logging

import duckdb
import numpy as np

from egregora_assets.config import Settings
from egregora_assets.search.embedders import EmbedderFailed, NoEmbedder, open_embedder
from egregora_assets.search.vectors.spec import Floats
from egregora_assets.warehouse.query import changed, rows
from egregora_assets.warehouse.revisions import transaction

CONSUMER = "vector_centres"
_LEAST_LENGTH = 0.4
"""What is shorter is left out: zero does as well then."""

log = logging.getLogger(__name__)


def centre_of(connection: duckdb.DuckDBPyConnection, settings: Settings, model: str) -> Floats:
    """Return the centre of a model, which is asked for it once; nothing where it cannot be asked."""
    found = rows(connection, "SELECT centre FROM vector_centres WHERE model = ?", [model])
    if found:
        return _read(found[0][0])
    try:
        embedder = open_embedder(settings)
        if embedder.model_fingerprint != model:
            raise NoEmbedder("the model of the settings is another")
        vectors = embedder.embed(SENTENCES)
    except (NoEmbedder, EmbedderFailed) as error:
        log.warning("what vectors of model %s have in common is not known: %s", model, error)
        return np.zeros(0, np.float32)
    centre = vectors.astype(np.float64).mean(axis=0)
    centre = (centre if np.sqrt(centre @ centre) >= _LEAST_LENGTH else 0 * centre).astype("<f4")
    with transaction(connection, CONSUMER):
        changed(connection, "INSERT INTO vector_centres VALUES (?, ?)", [model, centre.tobytes()])
    return _read(centre.tobytes())


def _read(stored: bytes) -> Floats:
    return np.frombuffer(stored, "<f4").astype(np.float32)


SENTENCES = """
Good morning, everybody!
Good night, see you tomorrow.
Thank you so much for your help.
Does anybody know when the meeting starts?
I will be a little late, sorry.
The train was cancelled again.
Happy birthday! I hope you have a great day.
Can you send me the address, please?
I have just sent you an e-mail with the details.
What do you think about this idea?
Sounds good to me.
No, I do not agree at all.
Let us talk about it on Monday.
The price went up by ten percent.
How much does it cost?
I paid for the tickets, you owe me twelve euros.
Here are the photos from yesterday.
That is a beautiful picture.
Did you see the game last night?
We lost in the last minute.
I am cooking rice with beans tonight.
This restaurant was better last year.
The baby slept through the whole night.
My mother is in hospital, but she is doing well.
The doctor says it is only a cold.
Take the second street on the left.
It is raining, so we stay at home.
What a lovely summer evening in the garden.
The tomatoes need more water.
Our cat caught a mouse in the kitchen.
Who is walking the dog today?
The washing machine is broken, it leaks.
Please bring your own cup.
I found a set of keys next to the door.
The door was open when I came in.
Remember to lock the window.
The server is down again.
I pushed a fix, please have a look at it.
The test fails on my machine, but not on yours.
Which version are you using?
The function returns an empty list when the file is missing.
We should write this down in the documentation.
I restarted the router and now it works.
The password has to be changed every month.
Is there a bus after midnight?
My flight lands at half past six.
We booked a room with a view of the sea.
The museum is closed on Tuesdays.
I read the first chapter of the book.
The end of the film was too sad for me.
This song is in my head all day.
She plays the piano and he sings.
School starts again next week.
The exam was harder than I expected.
Has anybody done the homework for maths?
The teacher told us a funny story.
I applied for a new job today.
They offered me the position!
The contract ends in December.
The taxes are due at the end of the month.
We vote on the budget at the next assembly.
The mayor opened the new bridge.
The news says that there will be a strike.
I do not trust what they write there.
Haha, that is so funny!
I cannot stop laughing.
Oh no, I am so sorry to hear that.
Congratulations, you deserve it.
I miss you all.
When are you coming back?
Come over for dinner on Friday.
We need four more chairs and a table.
I can lend you my drill.
The bicycle has a flat tyre.
The car would not start this morning.
Yes.
No.
Okay.
Maybe later.
Why?
Where are you now?
I do not understand the question.
Could you explain it once more?
That was a misunderstanding.
The delivery arrives between nine and noon.
The parcel was left with the neighbour.
I would like to return these shoes.
They only take cash.
The shop at the corner has fresh bread.
Two kilos of apples and a bag of flour, please.
It takes twenty minutes on foot.
The lake was frozen in January.
I run five kilometres every morning.
My knee hurts after the training.
We are looking for a goalkeeper for Sunday.
The next rehearsal is moved to Thursday.
Bom dia, pessoal!
Obrigado pela ajuda.
Amanhã eu não posso, vamos marcar outro dia?
Quanto custa o ingresso?
Saudades de vocês.
A reunião começa às sete da noite.
Buenos días a todos.
¿Alguien sabe a qué hora sale el autobús?
Muchas gracias, nos vemos mañana.
La comida estaba muy rica.
Guten Morgen zusammen.
Kann mir jemand den Schlüssel bringen?
Vielen Dank, das hat sehr geholfen.
Der Zug hat zwanzig Minuten Verspätung.
Bonjour à tous.
Quelqu'un a vu mes lunettes ?
Merci beaucoup, à demain.
On se retrouve devant la gare.
Buongiorno a tutti.
Ci vediamo stasera alle otto.
Доброе утро!
Спасибо большое за помощь.
早上好。
谢谢大家。
おはようございます。
ありがとうございました。
صباح الخير
شكرا جزيلا
सुप्रभात
Günaydın, nasılsınız?
Goedemorgen allemaal.
Dziękuję za pomoc.
""".strip().split("\n")
"""What people write to each other, in some of the languages that they write."""
