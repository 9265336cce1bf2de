"""The settings of a Django project with nothing but django-helpdesk."""

SECRET_KEY = "no secret"
ALLOWED_HOSTS = ["*"]
_CONTRIB = ("admin", "auth", "contenttypes", "sessions", "sites", "messages", "humanize", "staticfiles")
INSTALLED_APPS = [*(f"django.contrib.{name}" for name in _CONTRIB), "rest_framework", "helpdesk"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
_PROCESSORS = ("template.context_processors.request", "contrib.auth.context_processors.auth")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                *(f"django.{name}" for name in _PROCESSORS),
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "desk_urls"
SITE_ID = 1
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_FOLLOWUP_WEBHOOK_URLS = ["http://127.0.0.1:9/followup"]
HELPDESK_NEW_TICKET_WEBHOOK_URLS = ["http://127.0.0.1:9/new"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
