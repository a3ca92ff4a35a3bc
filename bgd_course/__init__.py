"""What instructors and maintainers run: the commands, the editions of the course, releases and grading."""
