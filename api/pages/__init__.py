"""What people see of the API: webhook endpoints, the event log, and their tokens."""
