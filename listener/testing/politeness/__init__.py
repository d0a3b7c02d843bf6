"""
Politeness shown and not claimed: scenarios that run the shipped daemon against scripted sites (`listener.testing.rig`),
and the rules they are judged by.

One module per part of the rules: `conditional`, `pacing`, `slowing`, `moving`, `manners`. Each function plays one story and
gives back what was `Seen`. Tests assert on that; `frb` judges the same stories for `listener selftest politeness`.
"""
