"""Git repositories → commits, file changes and links from talk to code.

Here belongs what reads repositories and finds the version of a file that was current when people spoke of it.
"""
