"""igcli: Integrated Gradients for whole image datasets, from the shell."""

__version__ = "0.1.0"
