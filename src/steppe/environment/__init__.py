"""Air, wind, space weather and Sun of a date and place: tables that the kernels read and where they come from."""
