"""`python chat_miner_parse.py CHAT.txt`: chat-miner's messages of a chat; writes how many there are, and the CPU seconds of it.

They are not made a DataFrame of, which would cost more. It runs where only chat-miner is installed.
"""

import sys
import time

from chatminer.chatparsers import WhatsAppParser  # type: ignore[import-not-found]

began = time.process_time()
parser = WhatsAppParser(sys.argv[1])
parser.parse_file()
print(len(parser.parsed_messages._parsed_messages), time.process_time() - began)
