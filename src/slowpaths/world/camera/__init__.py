"""Who films the action and how: cameras, the edit, and the staging of every shot; draws nothing."""
