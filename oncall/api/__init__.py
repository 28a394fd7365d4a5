"""The API of being on call (docs/api.md, section 5)."""
