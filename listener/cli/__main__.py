"""
`python -m listener.cli`, for where the script is not on the path.
"""

from __future__ import annotations

from listener.cli import main

if __name__ == "__main__":
    main()
