"""
What a simulator is made of: a server kit that can misbehave, people who do not exist, an ordinary day as data, a
world that shows it, the ledger of what became visible, and a clock for all of them; a story that all networks tell, and
what a simulator offers to be part of `listener demo` (`quarter`). Published for third parties.
"""
