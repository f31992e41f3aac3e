"""Feeds as the sites write them: RSS 2.0 of WordPress, of Joomla and of the uniform platform, Atom, RSS 1.0
and JSON Feed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape

from aggregator.demo.almanac import DAYS, MONTHS
from aggregator.demo.files import pdf
from aggregator.demo.habits import Habits, document_path, local_time, picture_path, post_path
from aggregator.demo.places import Office
from aggregator.demo.posts import Post

SYNTHETIC = "Data peragaan: berita ini dibuat otomatis untuk demonstrasi."
_OPENING = re.compile(r'(^|[\s(–-])"')


class Writer:
    """Writes for one site. `base` is its address without a slash at the end."""

    def __init__(self, office: Office, habits: Habits, base: str) -> None:
        self.office, self.habits, self.base = office, habits, base
        self.zone = timezone(timedelta(hours=office.offset))

    def feed(self, posts: Sequence[Post], page: int = 1) -> bytes:
        """The feed with these entries, in the site's own format and character set."""
        write = {
            "wordpress": self._wordpress,
            "joomla": self._joomla,
            "platform": self._platform,
            "atom": self._atom,
            "rdf": self._rdf,
            "json": self._json,
        }[self.habits.kind]
        return write(posts).encode(self.habits.charset, "xmlcharrefreplace")

    # --- Parts -----------------------------------------------------------------------------------
    def link(self, post: Post) -> str:
        return self.base + post_path(self.office, self.habits.kind, post)

    def picture(self, post: Post) -> str:
        return self.base + picture_path(self.habits.kind, post) if post.has_picture else ""

    def document(self, post: Post) -> tuple[str, int] | None:
        """Address and bytes of the attached document."""
        if not post.attachment:
            return None
        return self.base + document_path(post), len(pdf(post.attachment, self.office.name))

    def _typeset(self, text: str) -> str:
        if not self.habits.curly or '"' not in text:
            return text
        return _OPENING.sub(r"\1“", text).replace('"', "”")

    def title(self, post: Post) -> str:
        return escape(self._typeset(post.title), quote=False)

    def html(self, post: Post, picture: bool = True) -> str:
        """The body as this kind of site dresses it."""
        paragraphs = [escape(self._typeset(text), quote=False) for text in post.paragraphs]
        if self.habits.excerpts_only:
            paragraphs = paragraphs[:1]
        body = self._dressed(paragraphs)
        image = self.picture(post) if picture else ""
        if image:
            body = self._image(image, self.title(post)) + body
        if document := self.document(post):
            body += f'<p><a href="{document[0]}">Unduh: {escape(post.attachment)}</a> (PDF)</p>\n'
        return body

    def _dressed(self, paragraphs: Sequence[str]) -> str:
        if self.habits.kind == "joomla":
            return "".join(f'<p style="text-align: justify;">{text}</p>\r\n' for text in paragraphs)
        if self.habits.kind == "platform":
            return "<div>" + "<br /><br />".join(paragraphs) + "</div>"
        return "".join(f"<p>{text}</p>\n" for text in paragraphs)

    def _image(self, url: str, alt: str) -> str:
        alt = alt.replace('"', "&quot;")
        if self.habits.kind == "wordpress":
            return (
                f'<figure class="wp-block-image size-large"><img decoding="async" width="1024" height="576" '
                f'src="{url}" alt="{alt}"/></figure>\n'
            )
        return f'<p><img src="{url}" alt="{alt}" /></p>\n'

    def _excerpt(self, post: Post) -> str:
        words = self._typeset(post.paragraphs[0]).split()
        if len(post.paragraphs) > 1:
            words += self._typeset(post.paragraphs[1]).split()
        return escape(" ".join(words[:55]), quote=False) + (" […]" if len(words) > 55 else "")

    def about(self) -> str:
        return f"Berita dan pengumuman {self.office.name}. {SYNTHETIC}"

    def _mail_date(self, post: Post, zone: timezone) -> str:
        if post.date_text is not None:
            return post.date_text
        return format_datetime(post.published_at.astimezone(zone))

    def _iso_date(self, post: Post, moment: datetime) -> str:
        if post.date_text is not None:
            return post.date_text
        return moment.astimezone(self.zone).isoformat(timespec="seconds")

    # --- RSS 2.0 ---------------------------------------------------------------------------------
    def _wordpress(self, posts: Sequence[Post]) -> str:
        built = max(
            (post.updated_at or post.published_at for post in posts), default=datetime(2021, 8, 1, tzinfo=UTC)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"\n'
            '\txmlns:content="http://purl.org/rss/1.0/modules/content/"\n'
            '\txmlns:wfw="http://wellformedweb.org/CommentAPI/"\n'
            '\txmlns:dc="http://purl.org/dc/elements/1.1/"\n'
            '\txmlns:atom="http://www.w3.org/2005/Atom"\n'
            '\txmlns:sy="http://purl.org/rss/1.0/modules/syndication/"\n'
            '\txmlns:slash="http://purl.org/rss/1.0/modules/slash/"\n\t>\n\n<channel>\n'
            f"\t<title>{escape(self.office.name)}</title>\n"
            f'\t<atom:link href="{self.base}/feed/" rel="self" type="application/rss+xml" />\n'
            f"\t<link>{self.base}</link>\n\t<description>{escape(self.about())}</description>\n"
            f"\t<lastBuildDate>{format_datetime(built)}</lastBuildDate>\n\t<language>id</language>\n"
            "\t<sy:updatePeriod>\n\thourly\t</sy:updatePeriod>\n\t<sy:updateFrequency>\n\t1\t</sy:updateFrequency>\n"
            "\t<generator>https://wordpress.org/?v=6.8.3</generator>\n"
            + "".join(map(self._wordpress_item, posts))
            + "</channel>\n</rss>\n"
        )

    def _wordpress_item(self, post: Post) -> str:
        link = self.link(post)
        date = self._mail_date(post, UTC)
        categories = "".join(f"\t\t<category><![CDATA[{name}]]></category>\n" for name in post.categories)
        return (
            f"\t<item>\n\t\t<title>{self.title(post)}</title>\n\t\t<link>{link}</link>\n"
            f"\t\t<dc:creator><![CDATA[{post.author or 'admin'}]]></dc:creator>\n"
            + (f"\t\t<pubDate>{date}</pubDate>\n" if date else "")
            + f"{categories}"
            f'\t\t<guid isPermaLink="false">{self.base}/?p={post.number}</guid>\n'
            f"\t\t<description><![CDATA[{self._excerpt(post)}]]></description>\n"
            f"\t\t<content:encoded><![CDATA[\n{self.html(post)}]]></content:encoded>\n"
            f"\t\t<wfw:commentRss>{link}feed/</wfw:commentRss>\n\t\t<slash:comments>0</slash:comments>\n"
            f"{self._enclosure(post)}\t</item>\n"
        )

    def _enclosure(self, post: Post) -> str:
        document = self.document(post)
        if document is None:
            return ""
        return f'\t\t<enclosure url="{document[0]}" length="{document[1]}" type="application/pdf" />\n'

    def _joomla(self, posts: Sequence[Post]) -> str:
        built = format_datetime(max(post.published_at for post in posts)) if posts else ""
        return (
            f'<?xml version="1.0" encoding="{self.habits.charset}"?>\n'
            '<!-- generator="Joomla! - Open Source Content Management" -->\n'
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">\n\t<channel>\n'
            f"\t\t<title>{escape(self.office.name)} - Berita</title>\n"
            f"\t\t<description><![CDATA[{self.about()}]]></description>\n\t\t<link>{self.base}/</link>\n"
            + (f"\t\t<lastBuildDate>{built}</lastBuildDate>\n" if built else "")
            + "\t\t<generator>Joomla! - Open Source Content Management</generator>\n"
            '\t\t<atom:link rel="self" type="application/rss+xml" '
            f'href="{self.base}{escape(self.habits.feed_path)}"/>\n'
            "\t\t<language>id-id</language>\n"
            + "".join(map(self._joomla_item, posts))
            + "\t</channel>\n</rss>\n"
        )

    def _joomla_item(self, post: Post) -> str:
        link = self.link(post)
        date = self._mail_date(post, self.zone)
        mail = f"humas@{self.office.row['hostname']}"
        author = f"\t\t\t<author>{mail} ({escape(post.author)})</author>\n" if post.author else ""
        category = f"\t\t\t<category>{escape(post.categories[0])}</category>\n"
        return (
            f"\t\t<item>\n\t\t\t<title>{self.title(post)}</title>\n\t\t\t<link>{link}</link>\n"
            f'\t\t\t<guid isPermaLink="true">{link}</guid>\n'
            f"\t\t\t<description><![CDATA[{self.html(post)}]]></description>\n{author}{category}"
            + (f"\t\t\t<pubDate>{date}</pubDate>\n" if date else "")
            + f"{self._enclosure(post)}\t\t</item>\n"
        )

    def _platform(self, posts: Sequence[Post]) -> str:
        return (
            f'<?xml version="1.0" encoding="{self.habits.charset}"?>\n<rss version="2.0">\n<channel>\n'
            f"<title>{escape(self.office.name.upper())}</title>\n<link>{self.base}/</link>\n"
            f"<description>{escape(self.about())}</description>\n<language>id</language>\n<ttl>60</ttl>\n"
            + "".join(map(self._platform_item, posts))
            + "</channel>\n</rss>\n"
        )

    def _platform_item(self, post: Post) -> str:
        link = self.link(post)
        date = self._platform_date(post)
        return (
            f"<item>\n<title>{self.title(post)}</title>\n<link>{link}</link>\n<guid>{link}</guid>\n"
            f"<description>{escape(self.html(post), quote=False)}</description>\n"
            + "".join(f"<category>{escape(name)}</category>\n" for name in post.categories)
            + (f"<pubDate>{date}</pubDate>\n" if date else "")
            + f"{self._enclosure(post)}</item>\n"
        )

    def _platform_date(self, post: Post) -> str:
        if post.date_text is not None:
            return post.date_text
        local = local_time(self.office, post.published_at)
        if self.habits.dates == "rfc":
            return format_datetime(post.published_at.astimezone(self.zone))
        day, month = DAYS[local.weekday()], MONTHS[local.month - 1]
        if self.habits.dates == "wib":
            return f"{day[:3]}, {local.day:02} {month[:3]} {local:%Y %H:%M:%S} {self.office.zone}"
        return f"{day}, {local.day} {month} {local.year} pukul {local:%H.%M} {self.office.zone}"

    # --- Others ----------------------------------------------------------------------------------
    def _atom(self, posts: Sequence[Post]) -> str:
        updated = max(
            (post.updated_at or post.published_at for post in posts), default=datetime(2021, 8, 1, tzinfo=UTC)
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="id">\n'
            f"<title>{escape(self.office.name)}</title>\n<subtitle>{escape(self.about())}</subtitle>\n"
            f'<id>{self.base}/</id>\n<link rel="self" href="{self.base}/atom.xml"/>\n'
            f'<link href="{self.base}/"/>\n<updated>{updated.isoformat()}</updated>\n'
            f"<author><name>{escape(self.office.name)}</name></author>\n"
            + "".join(map(self._atom_entry, posts))
            + "</feed>\n"
        )

    def _atom_entry(self, post: Post) -> str:
        link, document = self.link(post), self.document(post)
        updated = self._iso_date(post, post.updated_at or post.published_at)
        tag = f"tag:{self.office.row['hostname']},2021:berita-{post.number}"
        return (
            f'<entry>\n<title>{self.title(post)}</title>\n<link href="{link}"/>\n<id>{tag}</id>\n'
            + (f"<published>{self._iso_date(post, post.published_at)}</published>\n" if updated else "")
            + (f"<updated>{updated}</updated>\n" if updated else "")
            + (f"<author><name>{escape(post.author)}</name></author>\n" if post.author else "")
            + "".join(f'<category term="{escape(name)}"/>\n' for name in post.categories)
            + (
                f'<link rel="enclosure" type="application/pdf" length="{document[1]}" '
                f'href="{document[0]}"/>\n'
                if document
                else ""
            )
            + f"<summary>{self._excerpt(post)}</summary>\n"
            f'<content type="html">{escape(self.html(post), quote=False)}</content>\n</entry>\n'
        )

    def _rdf(self, posts: Sequence[Post]) -> str:
        listed = "".join(f'<rdf:li rdf:resource="{self.link(post)}"/>' for post in posts)
        return (
            f'<?xml version="1.0" encoding="{self.habits.charset}"?>\n'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns="http://purl.org/rss/1.0/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/">\n'
            f'<channel rdf:about="{self.base}/">\n<title>{escape(self.office.name)}</title>\n'
            f"<link>{self.base}/</link>\n<description>{escape(self.about())}</description>\n"
            f"<dc:language>id</dc:language>\n<items><rdf:Seq>{listed}</rdf:Seq></items>\n</channel>\n"
            + "".join(map(self._rdf_item, posts))
            + "</rdf:RDF>\n"
        )

    def _rdf_item(self, post: Post) -> str:
        link = self.link(post)
        date = self._iso_date(post, post.published_at)
        return (
            f'<item rdf:about="{link}">\n<title>{self.title(post)}</title>\n<link>{link}</link>\n'
            f"<description>{self._excerpt(post)}</description>\n"
            f"<content:encoded><![CDATA[{self.html(post)}]]></content:encoded>\n"
            + (f"<dc:date>{date}</dc:date>\n" if date else "")
            + (f"<dc:creator>{escape(post.author)}</dc:creator>\n" if post.author else "")
            + "".join(f"<dc:subject>{escape(name)}</dc:subject>\n" for name in post.categories)
            + "</item>\n"
        )

    def _json(self, posts: Sequence[Post]) -> str:
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.office.name,
            "home_page_url": f"{self.base}/",
            "feed_url": f"{self.base}/feed.json",
            "description": self.about(),
            "language": "id",
            "items": [self._json_item(post) for post in posts],
        }
        return json.dumps(feed, ensure_ascii=False, separators=(",", ":"))

    def _json_item(self, post: Post) -> dict[str, object]:
        item: dict[str, object] = {
            "id": f"{self.base}/?id={post.number}",
            "url": self.link(post),
            "title": self._typeset(post.title),
            "content_html": self.html(post),
            "summary": self._typeset(post.paragraphs[0])[:300],
            "tags": list(post.categories),
        }
        if date := self._iso_date(post, post.published_at):
            item["date_published"] = date
        if post.updated_at:
            item["date_modified"] = post.updated_at.isoformat()
        if post.author:
            item["authors"] = [{"name": post.author}]
        if post.has_picture:
            item["image"] = self.picture(post)
        if document := self.document(post):
            item["attachments"] = [
                {"url": document[0], "mime_type": "application/pdf", "size_in_bytes": document[1]}
            ]
        return item
