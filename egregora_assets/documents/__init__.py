"""Windows of conversation: the units that are read, summarised and published."""
