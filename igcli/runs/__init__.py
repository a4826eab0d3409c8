"""The runs package: one run is planned, executed, resumed, sharded and merged.

An image goes through it in one direction; each calls the next:

1. executor (`executors/local.py`, `executors/ray/`): plans the run and gets its processes ready.
2. lifecycle (`lifecycle.py`): locks the run directory, finds what is left, writes run.json.
3. explain (`explain.py`): reads, draws and stores the inputs of that, block by block, in row order.
4. jobs (`jobs.py`) choose the targets of an input; a method (`igcli.attribution`) integrates them.
5. store (`igcli.store`): every block becomes a part of the run directory.
"""
