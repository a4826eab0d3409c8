"""Files about classes: the names of a model's classes, and the targets of inputs."""
