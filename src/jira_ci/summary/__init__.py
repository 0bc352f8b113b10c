"""What a job's reader opens: one page as a value, and how it is written as Markdown and as HTML."""
