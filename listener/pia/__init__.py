"""
The annex to a privacy impact assessment: what the officer of a public body signs, from the configuration that runs.

    facts           `Annex`: what there is to say, in values
    compose         settings + lock → Annex; the public notice is its first part
    figures         what was measured, from `figures.toml`
    safeguards      each promise with the test that proves it
    drawing         where the data goes, as a picture
    page            Annex → Document in a language
    `written`       Document → HTML, Markdown or JSON

Nothing personal is at hand here but what the officer signs in the statement: who approved a term that looks like a name, and
who accepted. No post is read, no daemon is asked.
"""

from listener.pia.compose import compose
from listener.pia.facts import Annex
from listener.pia.page import written

__all__ = ["Annex", "compose", "written"]
