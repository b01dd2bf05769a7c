"""The look and the parts of the site: a local Sphinx extension (`theme.book`) and its style, script and pictures."""
