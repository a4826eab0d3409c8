"""The agreement of maps that differ in their baseline: how much hangs on the choice."""
