"""Repositories of code: their commits, refs and file changes, which version of a path was current at a time, and where
people talked of it. Git's own plumbing reads them; nothing here writes into a user's repository or runs what it configures."""
