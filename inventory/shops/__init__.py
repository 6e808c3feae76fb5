"""Physical stores. A shop is a warehouse that customers buy in: its sales take from on hand at once, unreserved."""
