"""Who wrote, under stable pseudonyms; who opted out; and the gate through which messages reach everything derived."""
