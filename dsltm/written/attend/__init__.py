"""Topics that somebody wrote, brought to the documents by what the teacher attends to."""
