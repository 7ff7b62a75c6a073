"""The deeds: one file each, gathering, deciding and applying. The CLI, the flows and the studio call them; nothing here knows who called."""
