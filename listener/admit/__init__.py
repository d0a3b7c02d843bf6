"""
Getting sources in: from addresses, or a list of them, to `[[source]]` tables.

    opml      a list of feeds, read and written             robots    what a site asks of visitors
    looking   robots.txt, then one request for an address   verdicts  what becomes of a line, from a closed set
    admission every line judged, the rest looked at         tables    appended to listener.toml, or nothing changed

`listener feeds` is its only user; the daemon imports none of it. Nothing here keeps or logs what a page says: of an
answer only addresses stay, and titles go no further than the terminal of whoever asked.
"""
