"""
`listener check --live`: each source asked once with its real credentials, and the shape of what came told.

`running` builds what the daemon would build and asks; `recording` stands between adapter and reader and turns each
answer into its shape (`shapes`, `documents`, `vocabulary`, `patterns`); `judged` says what the adapter made of it;
`shown` prints the `report`.

Invariants: nothing is stored, not even a cursor; no value of an answer, no address and no message of an error is kept
or printed, only names from closed vocabularies, types and numbers of ours.
"""
