"""`python -m vssl` is the command `vssl`: it works from a moved or unactivated environment too."""

from vssl.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
