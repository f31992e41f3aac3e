"""Topics by rules: precision, recall and F1 by topic on three labelled sets, as Markdown; and posts a second.

.venv/bin/python bench/topics.py
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("DEMO", "1")


def main() -> None:
    import django

    django.setup()
    from aggregator.classify import topics_of
    from tests.topic_scores import SETS, generated, macro_f1, scores

    found = {name: scores(posts()) for name, posts in SETS.items()}
    print("| topic | " + " | ".join(f"{name}: posts, P, R, F1" for name in found) + " |")
    print("|---|" + "---|" * len(found))
    for topic in sorted({topic for table in found.values() for topic in table}):
        cells = (
            f"{s.posts}, {s.precision:.2f}, {s.recall:.2f}, **{s.f1:.2f}**"
            if (s := table.get(topic))
            else "–"
            for table in found.values()
        )
        print(f"| {topic} | " + " | ".join(cells) + " |")
    print("| macro-F1 | " + " | ".join(f"**{macro_f1(table):.3f}**" for table in found.values()) + " |")
    posts = generated()
    start = time.process_time()
    for post in posts:
        topics_of(post.title, post.text, post.categories)
    print(f"\n{len(posts) / (time.process_time() - start):,.0f} posts/s on one core")


if __name__ == "__main__":
    main()
