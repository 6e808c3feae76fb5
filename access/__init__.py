"""Who may do what: the roles and verbs, and the verb of every address. The lowest layer: it knows nothing of ours."""
