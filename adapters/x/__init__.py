"""
X, read by its API v2.
"""
