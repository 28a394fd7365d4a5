"""How messages get in: ASGI functions whose requests share one commit.

server.py     reads a request, finds its integration, parses, answers
folding.py    what a batch of alerts means for the rows, as plain values
committer.py  writes whatever has gathered in one transaction
inlets.py     which integrations there are and how much each may send
"""
