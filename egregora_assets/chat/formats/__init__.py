"""One module per chat platform that reads its exports; ``whatsapp`` is the first."""
