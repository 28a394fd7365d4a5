"""The pages of inlets, events and alerts."""
