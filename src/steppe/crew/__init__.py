"""The crew and station ledger: who was where, in which seat they could leave, and how the next ones might follow."""
