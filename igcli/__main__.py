"""Run the command line with ``python -m igcli``."""

from igcli.cli.main import main

if __name__ == "__main__":
    main()
