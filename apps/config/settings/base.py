"""Settings that are the same everywhere. Everything outside is one environment variable away; nonsense raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.core.env import MOST_WORKERS, Env, database_from_url, usable_cores

env = Env()
BASE_DIR = Path(__file__).resolve().parents[3]
DATA_DIR = Path(env.text("VISUALFORGE_DATA_DIR", str(BASE_DIR / ".data"))).resolve()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "apps.core",
    "apps.accounts",
    "apps.assets",
    "apps.billing",
    "apps.jobs",
    "apps.studio",
]
MIDDLEWARE = [
    "apps.core.health.Health",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "apps.core.middleware.ContentSecurityPolicy",
    "apps.core.middleware.NoNulBytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.StoredLanguage",
    "apps.accounts.middleware.NothingStaysBehind",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.middleware.ShownErrors",
]
ROOT_URLCONF = "apps.config.urls"
ASGI_APPLICATION = "apps.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.context.workspace",
                "apps.accounts.context.mail",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- database: PostgreSQL only; the application's role owns nothing and can not bypass row-level security
DATABASE_POOL_SIZE = env.whole("DATABASE_POOL_SIZE", 0, at_most=200)


def database_url() -> str:
    """DATABASE_URL, or the embedded server that ``make run`` started for this data directory."""
    url = env.text("DATABASE_URL")
    if url:
        return url
    note = DATA_DIR / "postgres" / "url"
    return note.read_text().strip() if note.exists() else "postgresql://vf_app@127.0.0.1/visualforge"


DATABASES = {"default": database_from_url(database_url(), pool_size=DATABASE_POOL_SIZE)}

# ---- people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "apps.accounts.passwords.NotAboutYou"},
    {"NAME": "apps.accounts.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "apps.accounts.passwords.NotWellKnown"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.SignInForm",
    "signup": "apps.accounts.forms.SignUpForm",
    "add_email": "apps.accounts.forms.ChangeAddressForm",
    "change_password": "apps.accounts.forms.ChangePasswordForm",
    "set_password": "apps.accounts.forms.SetPasswordForm",
    "reset_password": "apps.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "apps.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "apps.accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/h/ip",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "manage_email": "10/m/user",
    "confirm_email": "1/3m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT", 0, at_most=10)
WORKSPACES_A_PERSON = env.whole("WORKSPACES_A_PERSON", 20, at_least=1)
WORKSPACE_HOME = "studio:home"
DAILY_CHORES = ["apps.studio.services.purge_deleted_shots", "apps.studio.services.free_stranded_products"]
WORKSPACE_PURGE_STEPS = ["apps.studio.services.purge_trainings", "apps.assets.services.purge_workspace_files"]

# ---- cache: rate limits are counted in one place that every process of a machine shares (of all machines, with Redis)
CACHE_URL = env.url("CACHE_URL", schemes=("redis", "rediss"))
CACHES: dict[str, dict[str, Any]]
if CACHE_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}}
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(DATA_DIR / "cache"),
            # Above the limit entries are dropped at random, and with them the count of somebody's attempts.
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }

# ---- languages
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "apps" / "core" / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = ["apps.core.formats"]
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")

# ---- files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("samples", BASE_DIR / "apps" / "studio" / "samples")]
STATIC_ROOT = DATA_DIR / "static"
S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT_URL = env.url("S3_ENDPOINT_URL", schemes=("http", "https"))
S3_REGION = env.text("S3_REGION", "us-east-1")
if S3_BUCKET:
    MEDIA_STORAGE = {
        "BACKEND": "apps.assets.s3.BucketStorage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT_URL or None,
            "region_name": S3_REGION,
            "default_acl": None,
            "file_overwrite": True,
        },
    }
else:
    MEDIA_STORAGE = {
        "BACKEND": "apps.assets.storage.LocalStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "allow_overwrite": True},
    }
STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
UPLOAD_MAX_BYTES = env.whole("UPLOAD_MAX_BYTES", 60 * 1024 * 1024, at_least=1024)
UPLOAD_MAX_PIXELS = env.whole("UPLOAD_MAX_PIXELS", 50_000_000, at_least=10_000)
FILE_UPLOAD_HANDLERS = ["apps.assets.handlers.QuarantineHandler"]
QUARANTINE_DIR = DATA_DIR / "quarantine"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A batch names each of its products and a ZIP each of its shots; Django's thousand fields would cut them short.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 25_000

# ---- queue: the job row is the record, the broker only rings the bell
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://localhost")
JOB_KINDS: dict[str, str] = {
    "studio.cutout": "apps.studio.jobs.CutoutKind",
    "studio.cutout_edit": "apps.studio.jobs.CutoutEditKind",
    "studio.cutout_refine": "apps.studio.jobs.CutoutRefineKind",
    "studio.shot": "apps.studio.jobs.ShotKind",
    "studio.start": "apps.studio.jobs.StartKind",
    "studio.preview": "apps.studio.jobs.PreviewKind",
    "studio.scene": "apps.studio.jobs.SceneKind",
    "studio.adapter": "apps.studio.jobs.AdapterKind",
    "studio.best": "apps.studio.jobs.BestKind",
    "studio.export": "apps.studio.jobs.ExportKind",
}
CELERY_APP = "apps.config.celery.app"
# ---- cutout: rembg where its weights are (fetched once, in the background), else the built-in engine
CUTOUT_MODEL = env.text("CUTOUT_MODEL", "isnet-general-use")
CUTOUT_WEIGHTS_DIR = Path(env.text("CUTOUT_WEIGHTS_DIR", str(DATA_DIR / "weights")))
CUTOUT_DOWNLOAD = env.flag("CUTOUT_DOWNLOAD", True)

# ---- generators: models that draw scenes, in workers that have torch (docs/generators.md); off until somebody runs one
GENERATOR_WEIGHTS_DIR = Path(env.text("GENERATOR_WEIGHTS_DIR", str(DATA_DIR / "generators")))
GENERATOR_ADAPTERS_DIR = Path(env.text("GENERATOR_ADAPTERS_DIR", str(DATA_DIR / "adapters")))
# What was trained here, as a worker fetches it from the storage; the oldest leave when there is more than this.
GENERATOR_ADAPTERS_CACHE = DATA_DIR / "adapters-cache"
GENERATOR_ADAPTERS_CACHE_MB = env.whole("GENERATOR_ADAPTERS_CACHE_MB", 4096, at_least=64)
GENERATOR_MODELS = env.words("GENERATOR_MODELS")
GENERATOR_LICENCES = env.words("GENERATOR_LICENCES")
GENERATOR_PINNED_CODE = env.pairs("GENERATOR_PINNED_CODE")
GENERATOR_DEVICE = env.text("GENERATOR_DEVICE", "auto")
GENERATOR_DTYPE = env.choice("GENERATOR_DTYPE", "auto", ("auto", "bfloat16", "float32", "float8"))
GENERATOR_MAX_BATCH = env.whole("GENERATOR_MAX_BATCH", 8, at_least=1, at_most=64)
GENERATOR_SLOTS = env.whole("GENERATOR_SLOTS", GENERATOR_MAX_BATCH, at_least=1, at_most=64)
# A language model beside the weights that reads the free words of scenes; without one, rules read them.
GENERATOR_PLANNER = env.folder_name("GENERATOR_PLANNER")
GENERATOR_COMPILE = env.flag("GENERATOR_COMPILE", False)

# ---- exports: who signs them. PEM files of a certificate authority, or a certificate that is made at set-up
PROVENANCE_DIR = DATA_DIR / "provenance"
PROVENANCE_CERTIFICATE = env.text("PROVENANCE_CERTIFICATE")
PROVENANCE_KEY = env.text("PROVENANCE_KEY")

# What this worker is: `cpu` does everything but drawing, `gpu` (make gpu-worker) draws and nothing else.
WORKER_CLASS = env.choice("WORKER_CLASS", "cpu", ("cpu", "gpu"))
WORKER_CONCURRENCY = env.whole("WORKER_CONCURRENCY", usable_cores(), at_least=1, at_most=MOST_WORKERS)
WORKER_STOP_GRACE_S = env.whole("WORKER_STOP_GRACE_S", 8, at_most=3600)
WORKER_MAX_CHILD_MIB = env.whole("WORKER_MAX_CHILD_MIB", 3072, at_least=256)

# ---- e-mail
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.whole("EMAIL_PORT", 587, at_least=1, at_most=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 10
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "VisualForge <no-reply@localhost>")
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    ACCOUNT_EMAIL_VERIFICATION = "mandatory"
else:
    EMAIL_BACKEND = "apps.core.mail.PrivateFiles"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
    ACCOUNT_EMAIL_VERIFICATION = "optional"

# ---- security
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.failures.csrf_failure"
CSRF_COOKIE_HTTPONLY = False  # read by the upload script, which sends it as a header

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"mask": {"()": "apps.core.logs.MaskSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["mask"]}},
    "loggers": {"django.request": {"filters": ["mask"]}},
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))},
}
