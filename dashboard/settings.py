"""Django settings, from the environment; every variable is described where it is read."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dashboard.embedded import Address, keep_secret
from dashboard.environment import (
    broker_from_url,
    database_from_url,
    env_bool,
    env_int,
    env_list,
    env_text,
    mail_from_url,
    sso_provider,
)
from remediation.core.public_addresses import networks_of

BASE_DIR = Path(__file__).resolve().parent.parent
# Everything we keep outside the database: mirrors, environments, logs, the embedded servers.
DATA_DIR = Path(env_text("DATA_DIR", str(BASE_DIR / ".data"))).resolve()

DEBUG = env_bool("DEBUG", False)
TESTING = env_bool("REMEDIATION_TESTING", False)  # set by the test plugin only

# --- Servers. Set both URLs for real servers; what is unset runs embedded below DATA_DIR.
DATABASE_URL = env_text("DATABASE_URL")
REDIS_URL = env_text("REDIS_URL")
EMBEDDED_POSTGRES = not DATABASE_URL
EMBEDDED_VALKEY = not REDIS_URL
if EMBEDDED_POSTGRES or EMBEDDED_VALKEY:
    _address = Address.of(DATA_DIR)
    DATABASE_URL = DATABASE_URL or _address.database_url
    REDIS_URL = REDIS_URL or _address.redis_url

DATABASES = {
    "default": {
        **database_from_url(DATABASE_URL),
        "CONN_MAX_AGE": env_int("DATABASE_CONN_MAX_AGE", 0 if TESTING else 60),  # seconds
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,  # a use case opens its own transaction
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who may talk to us
SECRET_KEY = env_text("SECRET_KEY")
if not SECRET_KEY:
    if not (DEBUG or TESTING or EMBEDDED_POSTGRES):
        # Two web servers on one database need one key, and a generated one would sign people out at each deploy.
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. With DATABASE_URL set it must be given, the same for every process: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = keep_secret(DATA_DIR, "secret-key")
# What opens private repositories is sealed with the first and opened with any; unset, with a file of DATA_DIR's own.
CREDENTIAL_KEYS = env_list("CREDENTIAL_KEYS")
if any(len(key) < 32 for key in CREDENTIAL_KEYS):
    raise ImproperlyConfigured("CREDENTIAL_KEYS holds a key of fewer than 32 characters. Make longer ones.")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")  # https://dashboard.example.org

AUTH_USER_MODEL = "remediation.User"
AUTHENTICATION_BACKENDS = ["dashboard.signed_in.SignedIn"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
CACHES = {
    # Limits of tries and used codes are counted here: by all processes alike, and an emptied Redis lifts none.
    "default": {"BACKEND": "dashboard.shared_cache.SharedCache"},
    # What git answered, as objects of our own: each process asks for itself.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 300}},
}
ACCOUNT_ADAPTER = "dashboard.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # at sign-in; the profile page asks for it
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody is mailed because a stranger typed their address
ACCOUNT_CHANGE_EMAIL = True  # one address; the old one stays until the new one is confirmed
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key"}
MFA_ADAPTER = "dashboard.accounts.SecondFactorAdapter"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # one code before and after, for clocks that are 30 s off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an account is somebody's by invitation, not by its address
# --- Single sign-on by OpenID Connect, once an issuer is named.
OIDC_ISSUER = env_text("OIDC_ISSUER")
OIDC_NAME = env_text("OIDC_NAME", "single sign-on")
OIDC_DOMAINS = [domain.lower() for domain in env_list("OIDC_DOMAINS")]  # whose people get an account uninvited
SSO = bool(OIDC_ISSUER)
SOCIALACCOUNT_ADAPTER = "dashboard.sso.SingleSignOn"
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True  # who borrows a session must not add a way in of their own
SOCIALACCOUNT_PROVIDERS = sso_provider(
    OIDC_ISSUER, OIDC_NAME, env_text("OIDC_CLIENT_ID"), env_text("OIDC_CLIENT_SECRET")
)
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "remediation",
    "dashboard",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
]
if SSO or TESTING:  # it has no tables, and brings an HTTP client that nobody else needs
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dashboard.acting.Acting",
    "dashboard.sign_in_required.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dashboard.vanished.Vanished",
]
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,  # only our own: a page of a library's that we did not think of cannot appear
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        # Plotly adds one <style> element while it loads; this is its text's hash.
        "style-src": [SELF, "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # twice the longest list of rules: too many are refused in words, not by a 400
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "dashboard.sessions"  # in Postgres: an emptied Redis signs nobody out

HTTPS = env_bool("HTTPS", False)  # the site is reached by https only
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # probes speak plain http behind the proxy
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # preloading a domain is its owner's decision, not an application's
TRUSTED_PROXY = env_bool("TRUSTED_PROXY", False)  # it sets X-Forwarded-Proto and -For and strips a client's own
if TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Static files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env_text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "dashboard.finders.PlotlyFinder",
]
# Tests serve through the finders, where hashed names do not exist.
_plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
_hashed = "dashboard.lean.LeanStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _plain if DEBUG or TESTING else _hashed},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # compresses 5 MB of Plotly once, not twice
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# --- Time and language
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# --- Collection
# 3: isolated (bubblewrap). 1: trusted code only. A pass below the minimum is refused, never run. A first look on
# one's own machine, with embedded servers, works without bubblewrap; the start says so, and every pass its level.
SANDBOX_MIN_LEVEL = env_int("SANDBOX_MIN_LEVEL", 1 if EMBEDDED_POSTGRES else 3)
COLLECT_WALL_SECONDS = env_int("COLLECT_WALL_SECONDS", 600, least=1)
COLLECT_FILE_SECONDS = env_int("COLLECT_FILE_SECONDS", 120, least=1)  # the import of one test file
COLLECT_CULPRITS = env_int("COLLECT_CULPRITS", 5, least=0)  # runs of one pass that may die or hang
COLLECT_CPU_SECONDS = env_int("COLLECT_CPU_SECONDS", 1_200, least=1)
COLLECT_MEMORY_MIB = env_int("COLLECT_MEMORY_MIB", 8_192, least=64)
COLLECT_FILE_MIB = env_int("COLLECT_FILE_MIB", 256, least=1)
COLLECT_TEMP_MIB = env_int("COLLECT_TEMP_MIB", 512, least=1)
COLLECT_OUTPUT_MIB = env_int("COLLECT_OUTPUT_MIB", 4, least=1)
COLLECT_PROCESSES = env_int("COLLECT_PROCESSES", 512, least=1)
COLLECT_OPEN_FILES = env_int("COLLECT_OPEN_FILES", 1_024, least=64)

# --- Background work; dashboard/celery.py holds what is no deployment's choice.
CELERY_BROKER_URL = broker_from_url(REDIS_URL)
BEAT_SCHEDULE_FILE = str(DATA_DIR / "beat-schedule")

# --- Mail. Without EMAIL_URL nothing is sent: whoever would send asks MAIL first, and pages say so.
EMAIL_URL = env_text("EMAIL_URL")
MAIL = bool(EMAIL_URL)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL else 'dummy'}.EmailBackend"
EMAIL_TIMEOUT = env_int("EMAIL_TIMEOUT", 20, least=1)  # seconds
DEFAULT_FROM_EMAIL = env_text("DEFAULT_FROM_EMAIL")
if MAIL:
    globals().update(mail_from_url(EMAIL_URL))
    if not DEFAULT_FROM_EMAIL:
        raise ImproperlyConfigured("EMAIL_URL is set, DEFAULT_FROM_EMAIL is not: name the sender's address.")
# Where people reach the site, for links in what is sent while nobody asks for a page.
SITE_URL = env_text("SITE_URL").rstrip("/")
if SITE_URL and not SITE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(f"SITE_URL={SITE_URL!r} must begin with http:// or https://.")

# --- Webhooks of projects reach public addresses only, and these networks: 10.1.0.0/16,192.168.4.7
try:
    WEBHOOK_ALLOW = networks_of(env_list("WEBHOOK_ALLOW"))
except ValueError as error:
    raise ImproperlyConfigured(f"WEBHOOK_ALLOW: {error}. Write networks as 10.1.0.0/16, separated by commas.") from None
WEBHOOK_PLAIN_HTTP = TESTING and env_bool("WEBHOOK_PLAIN_HTTP", False)  # to this machine, in tests

# --- Logs: one event, one line, to standard error
LOG_LEVEL = env_text("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "dashboard.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Django's own handlers would print each line twice.
    "loggers": {"django": {"handlers": [], "level": LOG_LEVEL, "propagate": True}},
}
