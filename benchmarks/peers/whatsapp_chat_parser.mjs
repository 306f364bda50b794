// `node whatsapp_chat_parser.mjs CHAT.txt`: whatsapp-chat-parser's messages of a chat; writes how many there are, and the CPU seconds of the work.
// It runs as a copy next to the node_modules that hold the package, because an import is looked up from the file's folder.

import { readFileSync } from "node:fs";
import { parseString } from "whatsapp-chat-parser";

const began = process.cpuUsage();
const count = parseString(readFileSync(process.argv[2], "utf8")).length;
const used = process.cpuUsage(began);
console.log(count, (used.user + used.system) / 1e6);
