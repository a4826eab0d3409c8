"""What every package may import: records, errors, config, text, files, progress, the machine."""
