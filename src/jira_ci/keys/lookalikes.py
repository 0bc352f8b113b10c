"""What is written like an issue key and is none: ``UTF-8``, ``CVE-2024-1``, ``node-20``.

These lists decide only where the user names no projects. A word that no team would choose, or that numbers things
without end, is a look-alike with any number. Any other word is one only with the numbers it is known for: ``JAVA-17``
is a language, and ``JAVA-4711`` is somebody's issue.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Mapping, Sequence

# Encodings, registries of standards, advisories and licences, and what names a pull request.
_WITH_ANY_NUMBER = """
UTF ISO RFC IEC IEEE ECMA ANSI ASTM DIN FIPS ITU ETSI NIST NISTIR JSR JEP CWE CAPEC CVE CVSS GHSA PYSEC RUSTSEC OSVDB
CNVD CNNVD JVNDB JVN EDB ZDI MFSA XSA VMSA CERTFR RHSA RHBA RHEA ELSA GLSA ALAS ALSA RLSA ICSA ICSMA RIPEMD KECCAK GPL
LGPL AGPL CECILL ISBN ISSN CC0 BUSL BLAKE2B BLAKE2S ARGON2I ARGON2D ARGON2ID SECP256K1 SECP256R1 SECP384R1 SECP521R1
PRIME256V1 ISO_8859 MINGW32_NT MINGW64_NT MSYS_NT CYGWIN_NT PR MR GH SNAPSHOT VERSION
"""

# Words whose first number belongs to the name, with the numbers it may be: what comes behind the dash is a size, a part
# or a version, as in ``SHA3-256``, ``ISO8859-1`` and ``TLSV1-2``. Nobody calls a project so, as they do ``IPV6``,
# ``LOG4J2``, ``WIN10`` and ``S3``.
_JOINED = """
UTF: 7 8 16 32
UCS: 2 4
ISO IEC IEEE RFC ECMA JSR ANSI: 1-99999
CP WINDOWS: 437 850 852 855 866 874 932 936 949 950 1250-1258
KOI LATIN: 1-10
GB: 2312 18030
BASE: 16 32 45 58 62 64 85
SHA: 0 1 2 3 128 224 256 384 512
MD: 2 4 5 6
CRC: 8 16 24 32 64
BLAKE ARGON XXH: 2 3 32 64 128
MURMUR: 1 2 3
RIPEMD: 128 160 256 320
KECCAK HMACSHA: 1 224 256 384 512
HMACMD: 5
PBKDF: 1 2
PKCS: 1-15
X: 448 509 25519
ED CURVE: 448 25519
POLY: 1305
CHACHA SALSA: 8 12 20
AES: 128 192 256
DES: 3
RSA DH: 512 768 1024 2048 3072 4096 8192
SECP: 192 224 256 384 521
TLS: 1 2 3 10-13
SSL SSLV TLSV DTLSV HTTPV: 1 2 3
HTTP: 1 2 3
SMBV SNMPV NTLMV NFSV GPLV LGPLV AGPLV CVSSV UUIDV OAUTHV: 1-7
CVSS OAUTH SAML GPL LGPL AGPL: 1 2 3 4
AVX: 2 10 512
SSE SSSE: 2 3 4
LZ: 4 77 78
BZIP: 2
RS: 232 422 485
H: 261 262 263 264 265 266
MPEG: 1 2 4 7
"""

# One line: words, a colon, the numbers and ranges each of the words is known for.
_WITH_THESE_NUMBERS = """
UCS: 2 4
CP WINDOWS IBM: 37 437 500 720 737 775 850 852 855 857-866 869 874 932 936 949 950 1026 1047 1140-1149 1250-1258 65001
KOI: 7 8
ASCII: 7 8
GB: 2312 18030
BIG: 5
TIS: 620
BASE: 2 8 10 16 32 36 45 58 62 64 85 91 122
SHA: 1 2 3 128 224 256 384 512
MD: 2 4 5 6
CRC: 4 5 7 8 10 11 12 14 15 16 17 24 30 32 40 64 82
BLAKE ARGON XXH XXHASH FNV MURMUR: 1 2 3 32 64 128
ADLER: 32
HMAC: 1 256 384 512
AES: 128 192 256
DES: 3 56
RSA DH DHE: 512 768 1024 1536 2048 3072 4096 8192 15360 16384
ED CURVE: 448 25519
SECP: 192 224 256 384 521
PKCS: 1-15
PBKDF: 1 2
TLS SSL SSH SNMP SMB WPA NTLM OAUTH SAML: 1 2 3
HTTP HTTPS: 1 2 3 100-103 200-208 226 300-308 400-431 451 500-511
SOCKS: 4 5
IPV IP: 4 6
IMAP POP NFS: 2 3 4
SPDY QUIC: 1 2 3
WIFI: 4-8
USB HDMI: 1 2 3 4
BLUETOOTH: 2-6
RS: 232 422 423 485
RJ: 11 12 45 48
CAT: 3 5-8
PCI DSS: 2 3 4
SOC: 1 2 3
SOX: 302 404
WCAG ASVS: 1 2 3 4 5
SP: 800 1800
STD MIL: 461 498 704 810 882 1472 1553 2525
DO: 178 254 278 326 330
EN: 301 319 549 16931 50128 50129 50657 62304 81001
BCP: 9 14 38 47 72 78 79 195
ERC: 20 165 173 223 721 777 1155 1167 1271 1400 1404 1820 1967 2612 2771 2981 3643 4337 4626 4907 6551 7579
EIP: 20 155 165 191 712 721 777 1155 1167 1271 1559 1884 1967 2535 2612 2718 2771 2929 2930 3074 3668 4337 4844 7702
BIP: 9 16 21 32 34 37 38 39 43 44 47 49 65 66 68 69 70 78 84 85 86 112 113 125 141 143 144 152 157 173 174 322 340-342
PEP: 1-850 3000-3160 8000-8110
KEP: 1-6000
CAN GSD OSV TALOS MAL USN DSA: 1999-2100
DSA DLA USN: 1000-9999
LATIN: 1-10
SLIP: 10 32 39 44 48 132 173
ES: 3 5-16 2015-2035
CSS HTML XHTML XML SOAP SVG YAML TOML OAS OPENAPI SWAGGER ODATA: 1-5
JSON: 5
SQL: 86 89 92 99 2003 2006 2008 2011 2012 2014 2016 2017 2019 2022 2023 2025
MSSQL SQLSERVER: 2005 2008 2012 2014 2016 2017 2019 2022 2025
CPP CXX: 3 11 14 17 20 23 26
JAVA JDK JRE OPENJDK LTS TEMURIN CORRETTO: 1 5-30
JDK: 4000000-8999999
KEM: 512 768 1024
DSA: 44 65 87
KYBER FALCON: 512 768 1024
AVX: 2 10 128 256 512
SSE: 1-4
EAN UPC GTIN: 5 8 12-14
POSIX: 1 2 1988-2050
I3 I5 I7 I9: 500-14999
TOPS: 10 20
PYTHON PY PYPY: 2 3 26 27 33-39 310-316
PHP: 4-9 70-74 80-86
RUBY RAILS: 1-9
NODE NODEJS: 4-30
NPM YARN PNPM: 1-12
GO GOLANG: 1 2
RUST: 1 2015 2018 2021 2024
NET DOTNET NETCORE: 1-12 35 40 45-48 461 462 471 472 480 481
REACT VUE NUXT NEXT ANGULAR SVELTE BOOTSTRAP WEBPACK VITE BABEL: 1-25
SPRING BOOT HIBERNATE JUNIT GRADLE MAVEN JAKARTA: 1-11
LOG4J STRUTS: 1 2
QT GTK SDL: 1-6
CUDA: 8-14
OPENGL DIRECTX DX GLES: 1-12
GCC CLANG LLVM: 4-25
OPENSSL GLIBC LIBC: 1 2 3 6
POSTGRES POSTGRESQL PG PGSQL MYSQL MARIADB ORACLE REDIS MONGO MONGODB ELASTICSEARCH: 1-23
WIN: 7 8 10 11 32 64 95 98 2000
WINDOWS: 7 8 10 11 32 64 95 98 2000 2003 2008 2012 2016 2019 2022 2025
MACOS OSX IOS IPADOS WATCHOS TVOS ANDROID XCODE SWIFT KOTLIN: 1-30
UBUNTU DEBIAN CENTOS RHEL ROCKY ALPINE OPENSUSE SLES: 3-26
FEDORA: 20-60 2010-2040
X86: 16 32 64
AMD INTEL X AARCH RISCV RV MIPS SPARC PPC POWERPC IA: 32 64 128
ARM ARMV: 6 7 8 9 32 64
STM ESP: 32 8266
INT UINT SINT BIT BITS DECIMAL: 4 8 16 32 64 128 256
FLOAT FP BF BFLOAT TF: 4 8 16 32 64 80 128
EXT: 2 3 4
FAT: 12 16 32
LZ: 4 77 78
BZIP: 2
BM: 25
UUID UUIDV GUID: 1-8
RAID: 1 5 6 10 50 60
DDR LPDDR GDDR: 1-7
MP: 3 4
MPEG: 1 2 4 7 21
AV VP: 1 8 9
RTX GTX: 1050 1060 1070 1080 2060 2070 2080 3050 3060 3070 3080 3090 4060 4070 4080 4090 5060 5070 5080 5090
VT: 52 100 102 220 320 420
AS: 400
GPT CLAUDE LLAMA GEMINI GROK PHI QWEN GEMMA GLM DALLE: 1-9
YOLO BERT: 3-12
COVID: 19
SARS COV: 1 2
APOLLO: 1-17
BOEING: 707 717 727 737 747 757 767 777 787
CATCH: 22
AREA: 51
OWASP TOP: 5 10 20 25 50 100 2013 2017 2021 2025
MIT BSD APACHE MPL EPL EUPL CDDL AFL OFL ZPL BSL SSPL OSL PSF UPL ARTISTIC LPPL ODBL CPL ECL CPAL APSL OLDAP FSL: 1-5
DFS: 2015 2016
BY SA NC ND: 2-4
RC BETA ALPHA PREVIEW: 1-30
RELEASE: 1990-2100 19900101-21001231
UTC GMT: 1-14
FY CY: 10-60 1990-2100
Q1 Q2 Q3 Q4 H1 H2: 10-60 1990-2100
JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC: 1-31 1990-2100
JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER: 1-31 1990-2100
"""

# What a branch's segment begins with before a number, and is not the key of a project: ``fix-12``, ``release-2024``.
_BRANCH_WORDS = """
fix fixes fixed fixing fixup hotfix hotfixes bugfix bugfixes quickfix feature features feat chore refactor perf style
test tests testing lint cleanup clean build builds ci cd release releases rel version versions ver v rev revision rc
alpha beta preview snapshot nightly canary stable lts final bump bumps update updates updated upgrade upgrades
downgrade dep deps dependency dependencies add adds added remove removes removed delete drop change changes move
rename replace use enable disable improve make set get create show hide allow handle reduce increase limit split
convert migrate merge merged merging rebase rebased sync revert reverts reverted backport backports cherry pick copy
clone branch branches commit tag tags pull pr prs mr mrs gh gl github gitlab issue issues bug bugs ticket tickets task
tasks subtask story stories epic epics sprint sprints iteration milestone phase stage step steps part parts round week
day month year quarter q h level tier layer line row column page chapter item option variant try attempt retry take
draft wip tmp temp temporary poc spike experiment exp example sample trial playground scratch backup bak old new main
master trunk develop staging prod production env environment preprod patch patches hot error errors exit run runs job
top max min first last next only just jan feb mar apr may jun jul aug sep sept oct nov dec january february march
april june july august september october november december x copilot codex claude cursor
"""

# The same before what may be a version or a year, as in ``node-20``; ``jenkins-71234`` may be an issue.
_TOOLS = """
node nodejs npm yarn pnpm python py pypy java jdk jre openjdk kotlin scala php ruby rails golang go rust dotnet net
netcore csharp cpp perl lua dart flutter swift xcode react vue nuxt angular svelte ember typescript ts javascript js
es ecmascript eslint prettier webpack vite babel jest vitest mocha cypress playwright django flask fastapi celery
laravel symfony spring springboot boot hibernate junit gradle maven log4j tomcat jetty nginx httpd apache postgres
postgresql pg mysql mariadb oracle mssql sqlite redis mongo mongodb elastic elasticsearch opensearch kafka rabbitmq
docker kubernetes k8s kube helm terraform ansible jenkins vault consul prometheus grafana ubuntu debian alpine centos
rhel fedora rocky windows win linux macos osx ios ipados android chrome firefox safari openssl ssl tls http https utf
sha md aes rsa ipv amd arm aarch x86 x64 gpt llama gemini covid port docs doc status code
"""

# Branches that programs name after packages and versions: ``dependabot/github_actions/actions/checkout-4``.
_PROGRAMS = (
    "dependabot renovate renovate-bot greenkeeper depfu snyk pyup whitesource-remediate mend imgbot gh-readonly-queue"
)
_OF_PROGRAMS = tuple(f"{name}{sign}" for name in _PROGRAMS.split() for sign in "/-")
# A UUID or a MAC address in upper case: ``E4EAAAF2-1142-41E1-...`` is not issue 1142 of project E4EAAAF2.
_HEXADECIMAL = (
    r"(?<![0-9A-Za-z])(?:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}|[0-9A-F]{2}(?:-[0-9A-F]{2}){5})(?![0-9A-Za-z])"
)
# Snyk's advisories, such as ``SNYK-PYTHON-CRYPTOGRAPHY-6261585``.
_ADVISORY = r"(?<![0-9A-Za-z])SNYK-[0-9A-Z]{1,40}-([0-9A-Z_]{1,250}-[0-9]{1,20})(?![0-9A-Za-z])"
_HEXADECIMAL_SHAPES = {(8, 4), (4, 4), (4, 12), (2, 2)}


def is_known(project: str, number: str) -> bool:
    """Whether an upper-case project and a number without leading zeros are something well known that is no issue."""
    if _is_in(_known_numbers(), project, number):
        return True
    if not project[-1].isdecimal():  # nearly always: there may be half a million keys
        return False
    word = project.rstrip("0123456789")
    joined = project[len(word) :]
    return word == "V" or _is_in(_joined_numbers(), word, joined)


def _is_in(table: Mapping[str, Sequence[tuple[float, float]]], word: str, number: str) -> bool:
    ranges = table.get(word)
    return ranges is not None and any(low <= int(number) <= high for low, high in ranges)


def is_branch_word(project: str, number: str) -> bool:
    """Whether a project in lower case is a word that branches begin with, perhaps numbered or joined to others:
    ``fix``, ``node``, ``v2``, ``fix_login``."""
    parts = {part.rstrip("0123456789") for part in project.lower().split("_")} | {project.lower()}
    version = len(number) < 4 or (len(number) == 4 and "1990" <= number <= "2100")
    return not parts.isdisjoint(_words(_BRANCH_WORDS)) or (version and not parts.isdisjoint(_words(_TOOLS)))


def is_programs_branch(branch: str) -> bool:
    """Whether a program named the branch, after packages: then a lower-case key in it was not written by a person."""
    return branch[:60].lower().removeprefix("refs/heads/").startswith(_OF_PROGRAMS)


def is_hexadecimal(project: str, number: str, text: str) -> bool:
    """Whether project and number, found in the text, are a piece of a UUID or MAC address there."""
    shape = (len(project), len(number))
    return shape in _HEXADECIMAL_SHAPES and f"{project}-{number}" in _hexadecimal_pairs(text)


def is_advisory(project: str, number: str, text: str) -> bool:
    """Whether project and number, found in the text, are the end of an advisory's id there."""
    known = _advisories(text)
    return bool(known) and f"{project}-{number}" in known


@functools.lru_cache(maxsize=1)
def _advisories(text: str) -> frozenset[str]:
    return frozenset(re.findall(_ADVISORY, text) if "SNYK-" in text else ())


@functools.lru_cache(maxsize=1)
def _hexadecimal_pairs(text: str) -> frozenset[str]:
    """Once for each text, however many keys are asked about."""
    parts = (match[0].split("-") for match in re.finditer(_HEXADECIMAL, text))
    return frozenset(f"{left}-{right}" for one in parts for left, right in itertools.pairwise(one))


@functools.cache
def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


@functools.cache
def _known_numbers() -> dict[str, list[tuple[float, float]]]:
    return {**_table(_WITH_THESE_NUMBERS), **{word: [(0, math.inf)] for word in _WITH_ANY_NUMBER.split()}}


@functools.cache
def _joined_numbers() -> dict[str, list[tuple[float, float]]]:
    return _table(_JOINED)


def _table(lines: str) -> dict[str, list[tuple[float, float]]]:
    known: dict[str, list[tuple[float, float]]] = {}
    for line in lines.strip().splitlines():
        words, _, numbers = line.partition(":")
        ranges = [_range(item) for item in numbers.split()]
        for word in words.split():
            known.setdefault(word, []).extend(ranges)
    return known


def _range(item: str) -> tuple[float, float]:
    low, _, high = item.partition("-")
    return int(low), int(high or low)
