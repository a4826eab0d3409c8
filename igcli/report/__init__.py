"""The report on a finished run: its pictures and its page, from the run directory alone."""
