"""Chat exports → messages: reading what phones write, registering the inbox, merging overlapping exports."""
