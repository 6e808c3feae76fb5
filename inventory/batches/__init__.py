"""Many counts taken at once, from a file or as a store shows them: previewed, kept together, undone whole."""
