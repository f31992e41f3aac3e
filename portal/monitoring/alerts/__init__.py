"""Alarms: `rules` say what is the matter now, `watch` makes events of it, `notices` tells people and
machines once, `escalation` how far up, `outbox` sends, `digest` tells of each day at seven in the morning."""
