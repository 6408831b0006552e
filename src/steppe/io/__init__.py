"""What a flight leaves on disk: tables, CCSDS ephemerides, the summary, ground tracks and their folder."""
