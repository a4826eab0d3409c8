"""The run directory: everything igcli writes, and the only place that knows its layout."""
