"""The sample web: small portals with the markup, the furniture and the traps of real ones."""
