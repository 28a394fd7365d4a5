"""The API of incidents (docs/api.md section 4, and health and badges of section 3)."""
