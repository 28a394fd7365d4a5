"""A demonstration: a small shop's data platform, and a pipeline that fails live.

world.py   what there is, as plain values
loading.py puts it into an empty database through the ordinary services
live.py    sends the failing pipeline's alerts to the running app by HTTP
"""
