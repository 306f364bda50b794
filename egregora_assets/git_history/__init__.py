"""Git history beside talk: commits, refs and changes of files of the user's repositories,
and which version of a file was meant when people spoke of it."""
