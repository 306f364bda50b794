"""The published snapshot: what may be shown, allow-listed, kept up by revision, and put in place in one step."""
