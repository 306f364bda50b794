"""Search: what can be found, vectors of it, indexes that can be made anew at any time, and the ranking over them."""
