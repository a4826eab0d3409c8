"""Pictures of a finished run, from what it stored."""
