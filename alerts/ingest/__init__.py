"""How messages get in: requests that share one commit.

protocol.py    answers posts below ASGI; hands on what it cannot decide at once
server.py      the same inlets as ASGI: waits for bodies, keys and integrations
intake.py      checks, reads and queues a message; tells its sender after the commit
dialects.py    how each address speaks: where its key is, what it answers
requests.py    headers, a body within bounds, JSON
messages.py    what is kept of a message that was understood
queues.py      who waits for the next commit, in fair turns
committer.py   writes whatever has gathered in one transaction
driver.py      the way of such a write to PostgreSQL and back, in binary
writing.py     the statements of such a write, whichever connection they go through
folding.py     what a batch of alerts means for the rows, as plain values
inlets.py      which integrations there are and how much each may send
"""
