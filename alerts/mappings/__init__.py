"""Reading JSON of an unknown shape: a person says where our fields stand in it.

paths.py     one expression, JSONPath (RFC 9535) without what could take long
templates.py a field: expressions, or text with expressions in it, line by line
mapping.py   all fields, where the alerts are, and which words mean what
trying.py    what a mapping makes of a body, for whoever is writing it
"""

from alerts.mappings.mapping import Mapping, compile_mapping, mapping_of

__all__ = ["Mapping", "compile_mapping", "mapping_of"]
