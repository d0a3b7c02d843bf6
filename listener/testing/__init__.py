"""
Published for those who write adapters and engines: the contract suites, a reader that plays scripted replies, a
clock that moves only when told, the canary kit.
"""
