"""The folder of scripts holds no tests: they train when they are run."""

collect_ignore = ["scripts"]
