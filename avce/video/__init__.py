"""Videos: read them with their own time, follow the faces, write what was found."""
