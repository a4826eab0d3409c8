"""The Ray executor: a run over all GPUs or cores of a machine or a cluster."""
