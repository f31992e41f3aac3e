"""The lists of the staff pages as tables: what a page shows is what its file holds, but for buttons."""
