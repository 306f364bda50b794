// `node whatsapp_chat_parser.mjs CHAT.txt`: whatsapp-chat-parser's messages of a chat; writes how many there are.
// It runs as a copy next to the node_modules that hold the package, because an import is looked up from the file's folder.

import { readFileSync } from "node:fs";
import { parseString } from "whatsapp-chat-parser";

console.log(parseString(readFileSync(process.argv[2], "utf8")).length);
