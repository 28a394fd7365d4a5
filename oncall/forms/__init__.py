"""What people fill in about being on call."""
