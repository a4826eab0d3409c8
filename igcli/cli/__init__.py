"""The command line: flags in, one library call, text and an exit code out."""
