"""All settings of the portal. What differs between installations comes from the environment through
`env.py`; docs/operators.md has one row for each variable, and a test holds the two together."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
env = Env()

# --- Where things live -----------------------------------------------------------------------------
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var", "folder of the database, index, keys and raw feeds")
INDEX_DIR = env.path("INDEX_DIR", DATA_DIR / "index", "folder of this node's search index")
DEBUG = env.boolean("DEBUG", False, "developer pages and errors; never in production")
DEMO = env.boolean("DEMO", False, "demonstration: banner on every page, a key is made if none is given")
BASE_URL = env.base_url("BASE_URL", "http://127.0.0.1:8000", "public address of the portal, without a slash")


def _secret_key() -> str:
    given = env.text("SECRET_KEY", "", "signs sessions, tasks and forms; 50 random characters")
    if given:
        return given
    kept = DATA_DIR / "secret_key"
    if kept.exists():
        return kept.read_text().strip()
    if not (DEBUG or DEMO):
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it to 50 random characters, or set DEMO=1 to have one made."
        )
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=DATA_DIR, delete=False) as new:
        new.write(secrets.token_urlsafe(48))
    try:
        kept.hardlink_to(new.name)  # whoever comes second takes the key of the first
    except FileExistsError:
        pass
    finally:
        Path(new.name).unlink()
    return kept.read_text().strip()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = list(env.words("SECRET_KEY_FALLBACKS", (), "former keys, while sessions run out"))
ALLOWED_HOSTS = [
    *env.words("ALLOWED_HOSTS", (), "further host names the portal answers to, beside that of BASE_URL"),
    urlsplit(BASE_URL).hostname or "",
    "127.0.0.1",
    "localhost",
    "[::1]",
]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", "proxies whose X-Forwarded-* headers are believed")

# --- Django ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "portal.monitoring",
    "feeds",
    "aggregator",
    "portal.monitoring.admin_app.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "import_export",
]
MIDDLEWARE = [
    "portal.clients.behind_proxy",
    "portal.requestlog.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.known_host",
    "portal.limits.rate_limits",
    "portal.monitoring.reads.count_reads",
    "feeds.views.kept_feeds",
    "portal.standby.stand_in",
    "portal.pagecache.page_cache",
    "portal.limits.shed_search",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "portal.middleware.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.language_of_address",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.ErrorsInWords",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ASGI_APPLICATION = "portal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
        },
    }
]
AUTH_USER_MODEL = "portal.User"
LOGIN_URL = "/masuk"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

# --- Database --------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **env.database(
            "DATABASE_URL", f"sqlite:///{DATA_DIR / 'portal.sqlite3'}", "SQLite by default, or PostgreSQL"
        ),
    }
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL lets readers and the writer work side by side; IMMEDIATE takes the write lock at BEGIN, so that
    # a busy database waits (20 s) instead of failing in mid-transaction. The log may grow to 32 MB before
    # it is copied back: a batch of new posts fills SQLite's own 4 MB, and would be written twice at once.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
        " PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=8000;",
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that is gone without a word is noticed in seconds, not in the hours of TCP's defaults.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "keepalives_idle": 30,
        "tcp_user_timeout": 15_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }

# --- Cache and tasks -------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL", "", "Redis for the cache of many nodes; empty: memory of each process")
CACHES = {
    "default": (
        {"BACKEND": "portal.softcache.SoftRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "kpu-portal"}
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 2000},
        }
    )
}
PAGE_CACHE_SECONDS = env.integer(
    "PAGE_CACHE_SECONDS", 20, "longest time a finished public page is given out again; 0: not at all", most=60
)
PREPARED_HOURS = env.integer(
    "PREPARED_HOURS", 72, "how long copies of public pages stand in for a dead database; 0: not at all"
)
PREPARED_BYTES = env.integer("PREPARED_BYTES", 1_000_000_000, "disk for these copies on a web node, bytes")
WORKERS = env.integer("WORKERS", 2, "django-q2 worker processes of one `work`", least=1, most=64)
WEB_WORKERS = env.integer("WEB_WORKERS", 2, "web server processes of one `serve`", least=1, most=64)
WEB_THREADS = env.integer("WEB_THREADS", 4, "threads of one web server process", least=1, most=64)
# Tasks are few and fat: each ends itself well before `timeout`; what is due lives in the feed table, so
# a task that is lost, repeated or killed costs nothing but time.
Q_CLUSTER = {
    "name": "kpu-portal",
    "orm": "default",
    "workers": WORKERS,
    "daemonize_workers": False,  # daemonic workers could not start parse processes
    "timeout": 120,
    "retry": 300,
    "ack_failures": True,
    "max_attempts": 3,
    "catch_up": False,
    "recycle": 50,
    "save_limit": 500,
    "poll": 1,
    "bulk": 1,
    "label": "Tugas",
    "log_level": "WARNING",
}

# --- Language and time -----------------------------------------------------------------------------
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "Asia/Jakarta", "zone of national figures and of pages without a satker")
USE_THOUSAND_SEPARATOR = True

# --- Static files ----------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", DATA_DIR / "static", "folder that collectstatic fills")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.packed.PackedFiles"},
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG

# --- Mail ------------------------------------------------------------------------------------------
vars().update(env.email("EMAIL_URL", "consolemail://", "outgoing mail; printed to the console by default"))
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "portal@localhost", "sender of alerts and digests")
EMAIL_BOUNCES = env.text(
    "EMAIL_BOUNCES", "", "address that undeliverable mail comes back to; empty: EMAIL_FROM"
)
EMAIL_TIMEOUT = 20  # seconds; without it a silent mail server would hold up everything

# --- Fetching --------------------------------------------------------------------------------------
FETCH_MIN_INTERVAL = env.integer(
    "FETCH_MIN_INTERVAL", 900, "shortest wait between two checks, seconds", least=5
)
FETCH_MAX_INTERVAL = env.integer(
    "FETCH_MAX_INTERVAL", 21600, "longest wait between two checks, seconds", least=5
)
FETCH_CONCURRENCY = env.integer("FETCH_CONCURRENCY", 10, "requests under way at once", least=1, most=1000)
FETCH_HOST_CONCURRENCY = env.integer("FETCH_HOST_CONCURRENCY", 1, "of these, to one host name", least=1)
FETCH_HOST_SPACING = env.number("FETCH_HOST_SPACING", 1.0, "pause between two requests to a host, seconds")
FETCH_IP_CONCURRENCY = env.integer(
    "FETCH_IP_CONCURRENCY", 8, "of these, to one address (central hosting: many hosts)", least=1
)
FETCH_TIMEOUT = env.number("FETCH_TIMEOUT", 30.0, "one whole exchange, seconds", least=0.1)
FETCH_MAX_BYTES = env.integer("FETCH_MAX_BYTES", 5_000_000, "largest body after decompression", least=1000)
FETCH_USER_AGENT_CONTACT = env.text("FETCH_USER_AGENT_CONTACT", "", "mail address told to the sites we ask")
FETCH_ALLOWED_NETWORKS = env.networks("FETCH_ALLOWED_NETWORKS", "networks that may be asked although private")
FETCH_ALLOWED_PORTS = env.ports("FETCH_ALLOWED_PORTS", (80, 443), "ports that may be asked")
PARSE_PROCESSES = env.integer("PARSE_PROCESSES", 2, "processes that parse feeds", least=1, most=64)
PARSE_TIMEOUT = env.number("PARSE_TIMEOUT", 20.0, "longest time for one feed, seconds", least=0.1)
PARSE_MAX_MEMORY = env.integer(
    "PARSE_MAX_MEMORY", 300_000_000, "address space a parse may add to its process, bytes", least=1_000_000
)
RAW_RETENTION_DAYS = env.integer(
    "RAW_RETENTION_DAYS", 14, "how long changed raw feeds are kept; 0: not at all"
)
if FETCH_MAX_INTERVAL < FETCH_MIN_INTERVAL:
    raise ImproperlyConfigured(
        f"FETCH_MAX_INTERVAL={FETCH_MAX_INTERVAL} is shorter than FETCH_MIN_INTERVAL={FETCH_MIN_INTERVAL}."
    )

PICTURES_DIR = env.path(
    "PICTURES_DIR", DATA_DIR / "pictures", "folder of the posts' pictures; shared by all nodes"
)
PICTURES_MAX_BYTES = env.integer(
    "PICTURES_MAX_BYTES", 20_000_000_000, "pictures kept; beyond it the oldest go, bytes", least=0
)
CARDS_MAX_BYTES = env.integer(
    "CARDS_MAX_BYTES", 500_000_000, "share cards kept on a web node; beyond it the longest unasked go, bytes"
)

# --- Publishing ------------------------------------------------------------------------------------
PUBLISH_DELAY = env.integer(
    "PUBLISH_DELAY",
    0,
    "seconds a new post waits; none of a trusted satker, 4 times as long (an hour at least) of a watched one",
)
SEARCH_ENGINE = env.choice("SEARCH_ENGINE", "whoosh", ("whoosh", "tantivy"), "engine of the search index")
WEBSUB_HUB_URL = env.text("WEBSUB_HUB_URL", "", "external WebSub hub; empty: the built-in one")
PUBLIC_RANKING = env.boolean("PUBLIC_RANKING", False, "show the ranking of satker in public")
ELECTION_MODE = env.boolean("ELECTION_MODE", False, "serve prepared copies first and shed search load")

# --- Monitoring ------------------------------------------------------------------------------------
SILENCE_DAYS = env.days("SILENCE_DAYS", (7, 14, 30, 180), "classes of silence: days without a post")
LEAST_AVAILABILITY = env.integer(
    "LEAST_AVAILABILITY", 90, "per cent of good fetches below which a satker is not ranked", most=100
)

ALERT_SILENCE_DAYS = env.integer(
    "ALERT_SILENCE_DAYS", 14, "class of silence from which staff are told", least=1, most=9999
)
ALERT_FAILING_HOURS = env.integer(
    "ALERT_FAILING_HOURS", 24, "hours without a good fetch from which staff are told", least=1, most=9999
)
ALERT_QUIET_FROM = env.integer(
    "ALERT_QUIET_FROM", 0, "hour (TIME_ZONE) from which only urgent alarms are mailed", most=23
)
ALERT_QUIET_UNTIL = env.integer(
    "ALERT_QUIET_UNTIL",
    0,
    "hour until which the others wait; the same as ALERT_QUIET_FROM: no quiet hours",
    most=23,
)
ALERT_ESCALATE_HOURS = env.integer(
    "ALERT_ESCALATE_HOURS",
    0,
    "hours after which an alarm nobody took note of goes one level up; 0: all levels are told at once",
    most=999,
)
ALERT_CERTIFICATE_DAYS = env.integer(
    "ALERT_CERTIFICATE_DAYS", 21, "days before a site's certificate ends at which staff are told", most=365
)
DIGEST_HOUR = env.integer("DIGEST_HOUR", 7, "hour (TIME_ZONE) of the daily digest", most=23)

# --- Security --------------------------------------------------------------------------------------
# Requests of one address (an IPv6 subscriber: one /64); 0: no limit.
LIMIT_SEARCH = env.integer("LIMIT_SEARCH", 120, "searches an address may ask in a minute; 0: no limit")
LIMIT_API = env.integer("LIMIT_API", 600, "requests of an address to the API in a minute; 0: no limit")
LIMIT_HUB = env.integer("LIMIT_HUB", 600, "hub requests of an address in a minute; 0: no limit")
LIMIT_SIGN_IN = env.integer(
    "LIMIT_SIGN_IN", 20, "sign-in attempts of an address in five minutes; 0: no limit"
)
LIMIT_SUBSCRIBE = env.integer(
    "LIMIT_SUBSCRIBE", 20, "forms on /langganan an address may send in ten minutes; 0: no limit"
)
LIMIT_REPORT = env.integer("LIMIT_REPORT", 5, "reports of errors an address may send in an hour; 0: no limit")
LIMIT_CARDS = env.integer("LIMIT_CARDS", 60, "share cards an address may have drawn in a minute; 0: no limit")
OIDC_ISSUER = env.issuer(
    "OIDC_ISSUER",
    "identity provider that staff may sign in with (OpenID Connect), as it names itself; empty: none",
)
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", "", "name of the portal at that provider")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET", "", "its secret there")
OIDC_NAME = env.text("OIDC_NAME", "akun kedinasan", "what the button on /masuk says after “Masuk dengan”")
OIDC_SECOND_FACTOR = env.words(
    "OIDC_SECOND_FACTOR",
    (),
    "values of acr or amr that prove a second factor there; empty: the portal asks for its own code",
)
_oidc = {
    "OIDC_ISSUER": OIDC_ISSUER,
    "OIDC_CLIENT_ID": OIDC_CLIENT_ID,
    "OIDC_CLIENT_SECRET": OIDC_CLIENT_SECRET,
}
if any(_oidc.values()) and not all(_oidc.values()):
    raise ImproperlyConfigured(
        f"{', '.join(name for name, value in _oidc.items() if not value)} not set: "
        f"signing in with an identity provider takes all of {', '.join(_oidc)}, or none."
    )
HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000, "how long browsers insist on https; 0: not at all")
SECURE_HSTS_SECONDS = HSTS_SECONDS if BASE_URL.startswith("https://") else 0
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"

# --- Watching --------------------------------------------------------------------------------------
METRICS_NETWORKS = env.networks("METRICS_NETWORKS", "networks that may read /metrics, beside this machine")
METRICS_TOKEN = env.text("METRICS_TOKEN", "", "bearer token that opens /metrics from anywhere")
SENTRY_DSN = env.text("SENTRY_DSN", "", "where errors are reported (Sentry protocol); empty: nowhere")
LOG_LEVEL = env.choice(
    "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"), "least level that is logged"
)
LOG_FORMAT = env.choice(
    "LOG_FORMAT", "text" if DEBUG or DEMO else "json", ("json", "text"), "lines of JSON, or for a terminal"
)
LOG_FILE = env.text("LOG_FILE", "", "file of the log; empty: standard error")
LOG_FILE_BYTES = env.integer(
    "LOG_FILE_BYTES", 20_000_000, "size at which the file is turned over", least=1000
)
LOG_FILE_KEEP = env.integer("LOG_FILE_KEEP", 5, "how many turned-over files are kept", least=1)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "portal.logs.JsonLine"},
        "text": {
            "()": "portal.logs.PlainLine",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
    },
    "handlers": {
        "log": (
            {
                "()": "portal.logs.SharedFile",
                "filename": LOG_FILE,
                "most": LOG_FILE_BYTES,
                "keep": LOG_FILE_KEEP,
                "formatter": LOG_FORMAT,
            }
            if LOG_FILE
            else {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}
        )
    },
    "root": {"handlers": ["log"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody can send any name
        "django-q": {"level": "WARNING", "handlers": ["log"], "propagate": False},
        "authlib": {"level": "INFO"},  # below that it tells secrets of sign-ins under way
        "portal.access": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
    },
}
