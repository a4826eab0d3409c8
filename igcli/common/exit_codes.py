"""What a process's exit code says."""

OK = 0
GATE = 1
USAGE = 2
INCOMPLETE = 3
