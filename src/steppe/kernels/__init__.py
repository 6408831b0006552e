"""The only physics: scalar laws and the loops that call them."""
