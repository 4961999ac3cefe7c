"""Which module a distribution is imported as, and back, where the two names differ."""

from __future__ import annotations

from packaging.utils import canonicalize_name

# distribution (normalised) -> top-level modules, or dotted ones inside a shared namespace.
_KNOWN: dict[str, tuple[str, ...]] = {
    "antlr4-python3-runtime": ("antlr4",),
    "apache-airflow": ("airflow",),
    "argon2-cffi": ("argon2",),
    "attrs": ("attr", "attrs"),
    "azure-identity": ("azure.identity",),
    "azure-storage-blob": ("azure.storage.blob",),
    "beautifulsoup4": ("bs4",),
    "biopython": ("Bio",),
    "discord-py": ("discord",),
    "django-cors-headers": ("corsheaders",),
    "django-environ": ("environ",),
    "django-filter": ("django_filters",),
    "djangorestframework": ("rest_framework",),
    "dnspython": ("dns",),
    "docker-py": ("docker",),
    "faiss-cpu": ("faiss",),
    "gitpython": ("git",),
    "google-api-python-client": ("googleapiclient", "apiclient"),
    "google-auth": ("google.auth", "google.oauth2"),
    "google-cloud-bigquery": ("google.cloud.bigquery",),
    "google-cloud-pubsub": ("google.cloud.pubsub", "google.cloud.pubsub_v1"),
    "google-cloud-secret-manager": ("google.cloud.secretmanager",),
    "google-cloud-storage": ("google.cloud.storage",),
    "google-genai": ("google.genai",),
    "google-generativeai": ("google.generativeai",),
    "grpcio": ("grpc",),
    "grpcio-status": ("grpc_status",),
    "grpcio-tools": ("grpc_tools",),
    "kafka-python": ("kafka",),
    "levenshtein": ("Levenshtein",),
    "msgpack-python": ("msgpack",),
    "mysql-connector-python": ("mysql.connector",),
    "mysqlclient": ("MySQLdb",),
    "opencv-contrib-python": ("cv2",),
    "opencv-python": ("cv2",),
    "opencv-python-headless": ("cv2",),
    "opentelemetry-api": ("opentelemetry",),
    "opentelemetry-sdk": ("opentelemetry.sdk",),
    "paho-mqtt": ("paho.mqtt", "paho"),
    "pdfminer-six": ("pdfminer",),
    "pillow": ("PIL",),
    "protobuf": ("google.protobuf",),
    "psycopg2-binary": ("psycopg2",),
    "pycairo": ("cairo",),
    "pycryptodome": ("Crypto",),
    "pycryptodomex": ("Cryptodome",),
    "pygithub": ("github",),
    "pygobject": ("gi",),
    "pyjwt": ("jwt",),
    "pymupdf": ("fitz", "pymupdf"),
    "pynacl": ("nacl",),
    "pyopenssl": ("OpenSSL",),
    "pyqt5": ("PyQt5",),
    "pyqt6": ("PyQt6",),
    "pyserial": ("serial",),
    "pysocks": ("socks",),
    "python-dateutil": ("dateutil",),
    "python-decouple": ("decouple",),
    "python-docx": ("docx",),
    "python-dotenv": ("dotenv",),
    "python-gitlab": ("gitlab",),
    "python-jose": ("jose",),
    "python-json-logger": ("pythonjsonlogger",),
    "python-ldap": ("ldap",),
    "python-levenshtein": ("Levenshtein",),
    "python-magic": ("magic",),
    "python-multipart": ("multipart", "python_multipart"),
    "python-pptx": ("pptx",),
    "python-slugify": ("slugify",),
    "python-socketio": ("socketio",),
    "python-telegram-bot": ("telegram",),
    "pywin32": ("win32api", "win32con", "pythoncom"),
    "pyyaml": ("yaml",),
    "pyzmq": ("zmq",),
    "ruamel-yaml": ("ruamel.yaml",),
    "scikit-image": ("skimage",),
    "scikit-learn": ("sklearn",),
    "setuptools": ("setuptools", "pkg_resources"),
    "speechrecognition": ("speech_recognition",),
    "tensorflow-cpu": ("tensorflow",),
    "torch": ("torch", "functorch"),
    "websocket-client": ("websocket",),
    "zope-interface": ("zope.interface",),
}

_PROVIDERS: dict[str, tuple[str, ...]] = {
    module: tuple(sorted(name for name, modules in _KNOWN.items() if module in modules))
    for module in {module for modules in _KNOWN.values() for module in modules}
}


def import_names(distribution: str) -> tuple[str, ...]:
    """The modules a distribution is imported as: the known ones, else its name with underscores."""
    name = canonicalize_name(distribution)
    return _KNOWN.get(name) or (name.replace("-", "_"),)


def distribution_names(module: str) -> tuple[str, ...]:
    """Normalised distributions that bring a (dotted) module: the known ones, else those its name suggests.

    The likeliest come first; none of them is proven to exist.
    """
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        known = _PROVIDERS.get(".".join(parts[:length]))
        if known:
            return known
    # A namespace such as google.cloud is spread over distributions named like its dotted parts.
    guesses = ["-".join(parts[:length]) for length in range(1, min(len(parts), 3) + 1)]
    return tuple(dict.fromkeys(canonicalize_name(guess) for guess in guesses if guess))
