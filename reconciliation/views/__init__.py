"""The pages of reconciliation."""
