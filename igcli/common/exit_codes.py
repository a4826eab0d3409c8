"""The exit codes of every command."""

OK = 0
GATE = 1
USAGE = 2
INCOMPLETE = 3
