"""E-mail alerts for any channel.

`consent` takes what readers ask for and asks them back (double opt-in), `notice` follows the change sequence
and notes what came into the channels that are watched, `digests` makes a letter of what is due to each
alert, `letters` words it, `sending` hands it to the mail server, and `bounces` hears what came back. Each
step works from rows in the database and is safe to repeat, but for handing over: there a letter is taken
first, so that a crash leaves it unsent or unclear and never sent twice.
"""

from feeds.alerts.loop import round_of_work, run

__all__ = ["round_of_work", "run"]
