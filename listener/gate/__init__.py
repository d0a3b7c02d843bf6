"""
The privacy gate: a post goes in, an event without a person comes out. Pure; the only maker of events.
"""

from listener.gate.clear import Gate, Place
from listener.gate.cuts import Masked
from listener.gate.links import public_link
from listener.gate.redact import mask

__all__ = ["Gate", "Masked", "Place", "mask", "public_link"]
