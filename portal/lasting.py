"""Parts of pages that are the same for every reader of a language: rendered once in this process."""

from __future__ import annotations

from typing import Any

from django.core.signals import setting_changed
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MOST = 500  # texts of one part; beyond, it is rendered each time


class LastingNode(Node):
    """What is inside, once for each language and each value of `names`, which must be all that it depends
    on."""

    def __init__(self, nodelist: NodeList, names: list[FilterExpression]) -> None:
        self.nodelist = nodelist
        self.names = names
        self.made: dict[tuple[Any, ...], SafeString] = {}
        setting_changed.connect(self.forget)

    def render(self, context: Context) -> SafeString:
        key = (get_language(), *(name.resolve(context) for name in self.names))
        if (text := self.made.get(key)) is None:
            text = self.nodelist.render(context)
            if len(self.made) < MOST:
                self.made[key] = text
        return text

    def forget(self, **_: Any) -> None:
        """Settings change in tests alone."""
        self.made.clear()


def parse(parser: Parser, token: Token) -> LastingNode:
    """{% lasting name … %}…{% endlasting %}"""
    names = [parser.compile_filter(name) for name in token.split_contents()[1:]]
    nodelist = parser.parse(("endlasting",))
    parser.delete_first_token()
    return LastingNode(nodelist, names)
