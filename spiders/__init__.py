"""Portals to archive. The only code that talks to the web."""
