"""A plugin of pytest for the processes in which notebooks are tested: each cell's test says which cell it is."""


def pytest_collection_modifyitems(items):
    """Give each cell's test the cell's id, for its report."""
    for item in items:
        if hasattr(item, "cell"):
            item.user_properties.append(("cell", item.cell.get("id", item.name)))
