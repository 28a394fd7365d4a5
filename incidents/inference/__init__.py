"""How a fault spreads along lineage, and what a set of alerts says about it.

Pure and in arrays; knows no database and no incident. `docs/cause.md` tells the model
in words.
"""
