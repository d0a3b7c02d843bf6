"""
YouTube, heard by the Data API v3 with a key.
"""
