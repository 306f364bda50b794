"""`python whatstk_parse.py CHAT.txt`: whatstk's DataFrame of a chat; writes how many messages it has.

Its limit of 50 MB is lifted, as its documentation says. It runs where only whatstk is installed.
"""

import sys

from whatstk.whatsapp.parser import df_from_whatsapp  # type: ignore[import-not-found]

print(len(df_from_whatsapp(sys.argv[1], max_size=None)))
