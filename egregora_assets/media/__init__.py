"""Files that came with messages: read once from the archives, kept once each in a content-addressed store."""
