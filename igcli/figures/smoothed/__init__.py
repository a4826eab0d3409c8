"""Pictures of where a map's mass lies, smoothed at the scale that is certified."""
