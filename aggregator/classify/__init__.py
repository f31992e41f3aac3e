"""Put public entries in their place: topics, election stage or none, and the day of the event.

`topics_of`, `stage_of` and `event_on` are pure; `classify_new` works off entries marked with
`classified_at` null, one transaction a batch. What staff decided is left alone.
"""

from aggregator.classify.events import event_on
from aggregator.classify.stages import StageHit, StageTime, stage_of
from aggregator.classify.topics import TopicHit, topics_of
from aggregator.classify.work import BY_STAFF, classify_new

__all__ = [
    "BY_STAFF",
    "StageHit",
    "StageTime",
    "TopicHit",
    "classify_new",
    "event_on",
    "stage_of",
    "topics_of",
]
