"""What each document is about, as data and as text: one JSON record and one Markdown post per document."""
