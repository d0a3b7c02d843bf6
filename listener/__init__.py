"""
Hear the public conversation without following anyone.

The folder listing is the data-flow diagram: source, reader (`hear.reader`), adapter (`adapters.*`), watch
(`hear.watch`), gate (`gate`), queue (`queues`), consumers (`tell`). `app` puts the rooms together.
"""

from typing import Final

__version__: Final = "0.1.0"
