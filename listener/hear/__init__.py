"""
From a source to what may be stored: reader and guard, pace, watch, intake, upkeep.
"""
