"""How messages get in: ASGI functions whose requests share one commit.

server.py      reads a request, finds its integration, parses, answers
dialects.py    how each address speaks: where its key is, what it answers
requests.py    headers, a body within bounds, JSON
messages.py    what is kept of a message that was understood
committer.py   writes whatever has gathered in one transaction
writing.py     the statements of such a write, whichever connection they go through
folding.py     what a batch of alerts means for the rows, as plain values
inlets.py      which integrations there are and how much each may send
"""
