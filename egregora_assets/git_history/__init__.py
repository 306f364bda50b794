"""Git history beside talk: commits, refs and file changes of repositories, and which version of a file was meant when it was said.

What messages may have meant is detected here (`mentions`); what stands in a repository decides whether it is there."""
