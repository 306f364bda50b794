"""`python whatstk_parse.py CHAT.txt`: whatstk's DataFrame of a chat; writes how many messages it has, and the CPU seconds of it.

Its limit of 50 MB is lifted, as its documentation says. It runs where only whatstk is installed.
"""

import sys
import time

from whatstk.whatsapp.parser import df_from_whatsapp  # type: ignore[import-not-found]

began = time.process_time()
count = len(df_from_whatsapp(sys.argv[1], max_size=None))
print(count, time.process_time() - began)
