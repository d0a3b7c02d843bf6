"""
One folder per network, with everything about that network inside it. The core never imports this package: it finds
adapters through the entry-point group `listener.adapters`, as it finds those of third parties.
"""
