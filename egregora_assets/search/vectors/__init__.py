"""The index of vectors: generations of files beside the snapshot, their one writer, and what answers from them.

Nothing here knows a table: rows come from a ``VectorSource``, and whatever is wrong with the files, they are made again from it.
"""
