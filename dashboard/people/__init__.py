"""People: who is here in which role, who is invited, and the second factor."""
