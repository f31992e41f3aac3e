"""What a process of `serve` runs: the site, until its parent dies, however that came about. A server that
outlived its master would hold the port and answer with yesterday's code."""

import signal

from portal.processes import end_with_parent
from portal.settled import settle
from portal.wsgi import application

__all__ = ["application"]

settle()
end_with_parent(signal.SIGKILL)  # its master is gone: nobody would wait for a graceful end
