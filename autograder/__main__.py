"""Start the command line, or say what to install for it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `backmark`; a bare installation holds the reference only, and is told so."""
    try:
        from autograder.cli import main as run
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.exit(
            f"The command needs {missing.name}, which is not installed. "
            "Students: pip install 'backmark[student]'; instructors: pip install 'backmark[instructor]'."
        )
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
