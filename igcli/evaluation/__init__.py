"""The evaluation: a finished run held against its model."""
