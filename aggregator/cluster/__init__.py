"""Fold what many offices tell alike into stories.

`same_story` compares two posts and `keys_of` gives what candidates are found by (both pure);
`cluster_new` works off entries with `clustered_at` null; `refresh` chooses the leads of
stories anew.
"""

from aggregator.cluster.keys import keys_of
from aggregator.cluster.same import same_story
from aggregator.cluster.stories import refresh
from aggregator.cluster.told import Told
from aggregator.cluster.work import cluster_new, forget_old_keys

__all__ = ["Told", "cluster_new", "forget_old_keys", "keys_of", "refresh", "same_story"]
