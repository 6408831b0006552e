"""The command ``steppe``: one file per group of verbs; `terminal` renders, `main` turns errors into exit codes."""
