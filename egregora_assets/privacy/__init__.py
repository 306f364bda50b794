"""What keeps people hidden: the secret keys, pseudonyms made with them, and the scrubbing of texts."""
