"""What left Python and its standard library, and in which version: modules, names, methods and builtins."""

# ruff: noqa: SIM905 (tables of hundreds of words, one version a line)
from __future__ import annotations

import sys
from functools import lru_cache

# Top-level modules, and dotted ones whose package stayed. What Python 2 had and Python 3 never had left in 3.0.
_MODULES = {
    "3.0": (
        "BaseHTTPServer Bastion CDROM CGIHTTPServer Canvas ConfigParser Cookie DLFCN Dialog DocXMLRPCServer "
        "FileDialog FixTk HTMLParser MimeWriter Queue ScrolledText SimpleDialog SimpleHTTPServer "
        "SimpleXMLRPCServer SocketServer StringIO Tix Tkconstants Tkdnd Tkinter UserDict UserList UserString "
        "__builtin__ anydbm audiodev bsddb cPickle cStringIO commands compiler cookielib copy_reg "
        "curses.wrapper dbhash dircache dl dumbdbm dummy_thread exceptions fpformat future_builtins gdbm hotshot "
        "htmlentitydefs htmllib httplib ihooks imageop imputil linuxaudiodev markupbase md5 mhlib mimetools mimify "
        "multifile mutex new os2emxpath popen2 posixfile repr rexec rfc822 robotparser sets sgmllib sha sre statvfs "
        "stringold strop sunaudio sv thread tkColorChooser tkCommonDialog tkFileDialog tkFont tkMessageBox "
        "tkSimpleDialog toaiff ttk urllib2 urlparse user whichdb xmllib xmlrpclib email.MIMEAudio email.MIMEBase "
        "email.MIMEImage email.MIMEMultipart email.MIMEText email.Utils email.Header email.Encoders email.Errors "
        "email.Message email.Parser email.Charset email.Generator email.Iterators email.MIMENonMultipart os.errno"
    ),
    "3.7": "asyncio.compat asyncio.test_utils macurl2path",
    "3.8": "macpath multiprocessing.semaphore_tracker",
    "3.9": "_dummy_thread dummy_threading",
    "3.10": "_bootlocale formatter parser symbol",
    "3.11": "binhex",
    "3.12": "asynchat asyncore distutils imp smtpd",
    "3.13": (
        "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd "
        "sunau telnetlib tkinter.tix uu xdrlib"
    ),
}
REMOVED_MODULES = {name: version for version, names in _MODULES.items() for name in names.split()}

_NAMES = {
    "3.0": (
        "string.letters string.lowercase string.uppercase string.maketrans string.join string.split string.atoi "
        "string.replace string.strip itertools.izip itertools.imap itertools.ifilter itertools.izip_longest "
        "itertools.ifilterfalse os.getcwdu os.errno sys.maxint sys.setdefaultencoding sys.exc_clear sys.exc_type "
        "types.StringType types.StringTypes types.UnicodeType types.ListType types.DictType types.IntType "
        "types.ClassType types.InstanceType types.TupleType types.FloatType types.LongType "
        "urllib.urlopen urllib.urlencode urllib.quote urllib.unquote urllib.quote_plus urllib.urlretrieve "
        "urllib.pathname2url operator.isCallable operator.div operator.sequenceIncludes email.Utils email.MIMEText "
    ),
    "3.5": "html.parser.HTMLParseError",
    "3.7": "re._pattern_type asyncio.async",
    "3.8": "time.clock platform.linux_distribution platform.dist platform.popen cgi.escape cgi.parse_qs cgi.parse_qsl",
    "3.9": (
        "fractions.gcd base64.encodestring base64.decodestring plistlib.readPlist plistlib.writePlist "
        "plistlib.readPlistFromBytes plistlib.Data sys.getcheckinterval sys.setcheckinterval"
    ),
    "3.10": " ".join(
        f"collections.{name}"
        for name in (
            "Awaitable Coroutine AsyncIterable AsyncIterator AsyncGenerator Hashable Iterable Iterator Generator "
            "Reversible Sized Container Callable Collection Set MutableSet Mapping MutableMapping MappingView "
            "KeysView ItemsView ValuesView Sequence MutableSequence ByteString"
        ).split()
    ),
    "3.11": (
        "inspect.getargspec inspect.formatargspec asyncio.coroutine binascii.b2a_hqx binascii.a2b_hqx "
        "gettext.lgettext gettext.ldgettext gettext.bind_textdomain_codeset"
    ),
    "3.12": (
        "configparser.SafeConfigParser pkgutil.ImpImporter pkgutil.ImpLoader ssl.wrap_socket ssl.match_hostname "
        "ssl.RAND_pseudo_bytes sqlite3.enable_shared_cache sqlite3.OptimizedUnicode locale.format "
        "importlib.find_loader importlib.abc.Finder"
    ),
    "3.13": (
        "unittest.makeSuite unittest.findTestCases unittest.getTestCaseNames typing.io typing.re locale.resetlocale "
        "re.template re.TEMPLATE"
    ),
    "3.14": (
        "ast.Str ast.Num ast.Bytes ast.NameConstant ast.Ellipsis pkgutil.find_loader pkgutil.get_loader "
        "asyncio.AbstractChildWatcher asyncio.ThreadedChildWatcher asyncio.SafeChildWatcher asyncio.FastChildWatcher "
        "asyncio.MultiLoopChildWatcher asyncio.get_child_watcher asyncio.set_child_watcher "
        "collections.abc.ByteString typing.ByteString importlib.abc.ResourceReader "
        "importlib.abc.Traversable importlib.abc.TraversableResources urllib.request.URLopener "
        "urllib.request.FancyURLopener sqlite3.version sqlite3.version_info"
    ),
}
REMOVED_NAMES = {name: version for version, names in _NAMES.items() for name in names.split()}

# Names that a newer Python brought: where they are missing the interpreter is too old.
_ADDED = {
    "3.8": "typing.Literal typing.Final typing.Protocol typing.TypedDict typing.get_origin typing.get_args "
    "functools.cached_property functools.singledispatchmethod math.prod unittest.IsolatedAsyncioTestCase",
    "3.9": "typing.Annotated functools.cache asyncio.to_thread",
    "3.10": "typing.ParamSpec typing.TypeAlias typing.Concatenate typing.TypeGuard itertools.pairwise types.NoneType "
    "types.UnionType contextlib.aclosing dataclasses.KW_ONLY",
    "3.11": "typing.Self typing.Never typing.assert_never typing.LiteralString typing.Required typing.NotRequired "
    "typing.Unpack typing.TypeVarTuple typing.reveal_type enum.StrEnum datetime.UTC asyncio.TaskGroup "
    "asyncio.timeout asyncio.Runner contextlib.chdir",
    "3.12": "typing.override typing.TypeAliasType itertools.batched collections.abc.Buffer",
    "3.13": "typing.ReadOnly typing.TypeIs typing.NoDefault warnings.deprecated copy.replace",
}
ADDED_NAMES = {name: version for version, names in _ADDED.items() for name in names.split()}

PYTHON2_BUILTINS = frozenset(
    "StandardError apply basestring buffer cmp coerce execfile file intern long raw_input reduce reload unichr "
    "unicode xrange".split()
)

# Methods and attributes of objects; of everything else an object lacks, the caller may well be to blame.
REMOVED_METHODS = {
    **{f"builtins.dict.{name}": "3.0" for name in "iteritems iterkeys itervalues has_key viewitems viewkeys".split()},
    **{f"builtins.function.{name}": "3.0" for name in "func_name func_code func_globals func_defaults".split()},
    **{f"builtins.{kind}.next": "3.0" for kind in ("generator", "map", "zip", "filter", "list_iterator")},
    **{f"builtins.{kind}.sort": "3.0" for kind in ("dict_keys", "dict_values", "dict_items", "map", "filter")},
    "builtins.str.decode": "3.0",
    "builtins.method.im_func": "3.0",
    "builtins.method.im_self": "3.0",
    "threading.Thread.isAlive": "3.9",
    "html.parser.HTMLParser.unescape": "3.9",
    "xml.etree.ElementTree.Element.getchildren": "3.9",
    "xml.etree.ElementTree.Element.getiterator": "3.9",
    "xml.etree.ElementTree.ElementTree.getiterator": "3.9",
    "array.array.tostring": "3.9",
    "array.array.fromstring": "3.9",
    "configparser.ConfigParser.readfp": "3.12",
    "configparser.RawConfigParser.readfp": "3.12",
    "importlib.metadata.EntryPoints.get": "3.12",
    "importlib.metadata.EntryPoints.items": "3.12",
}

_STDLIB = frozenset(sys.stdlib_module_names) | {name.partition(".")[0] for name in REMOVED_MODULES}


@lru_cache(maxsize=4_096)
def module_left(module: str) -> str:
    """The version in which a (dotted) module left the standard library, "" where it is not known to have left."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((REMOVED_MODULES[name] for name in names if name in REMOVED_MODULES), "")


def name_left(module: str, name: str) -> str:
    """The version in which a name, a method or a builtin left; "" where it is not known."""
    if module == "builtins" and name in PYTHON2_BUILTINS:
        return "3.0"
    dotted = f"{module}.{name}"
    return REMOVED_NAMES.get(dotted) or REMOVED_METHODS.get(dotted, "")


def name_came(module: str, name: str) -> str:
    """The version that brought a name, "" where it is not known."""
    return ADDED_NAMES.get(f"{module}.{name}", "")


def is_stdlib(module: str) -> bool:
    """Whether the top-level name belongs, or once belonged, to the standard library."""
    return module.partition(".")[0] in _STDLIB
