"""Messages as they come: adapters that listen, the hot store that keeps each one, and its hand-over to runs."""
