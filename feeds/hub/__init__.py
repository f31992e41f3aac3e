"""The built-in WebSub hub (https://www.w3.org/TR/websub/).

`requests` takes what subscribers ask for, `dispatch` follows the change sequence and notes on each lease
what is due to it, `delivery` confirms requests with their callbacks and delivers what is due. Each step
works from rows in the database, so it can be killed and repeated: every version reaches every lease at
least once. With WEBSUB_HUB_URL set, `announce` tells that hub instead.
"""

from feeds.hub.delivery import deliver_once, run

__all__ = ["deliver_once", "run"]
