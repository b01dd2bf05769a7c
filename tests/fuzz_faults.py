"""What hostile arguments still break, function by function: the list of what is to be mended."""

OF_VALUES: dict[str, str] = {}

OF_TYPES: dict[str, str] = {}
