"""`python chat_miner_parse.py CHAT.txt`: chat-miner's messages of a chat; writes how many there are.

They are not made a DataFrame of, which would cost more. It runs where only chat-miner is installed.
"""

import sys

from chatminer.chatparsers import WhatsAppParser  # type: ignore[import-not-found]

parser = WhatsAppParser(sys.argv[1])
parser.parse_file()
print(len(parser.parsed_messages._parsed_messages))
