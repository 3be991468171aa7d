"""The commands, each in the module that has the name of its first word; what one does is imported when it runs."""
