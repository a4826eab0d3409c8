"""All findings of a run, gathered: sentences, and the rows that they are about."""
