"""The numbers of the staff pages: one function a figure, dataclasses out, no requests in."""
