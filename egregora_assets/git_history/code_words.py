"""Words that tell code from prose: endings and names of files, names of products and sites, words in front of numbers.

Lists only, and the questions asked of a single name."""

from __future__ import annotations

import re

CODE_ENDINGS = frozenset(
    "py pyi pyx pxd ipynb js jsx mjs cjs ts tsx mts cts vue svelte astro html htm xhtml css scss sass less styl "
    "json jsonc json5 jsonl ndjson yaml yml toml ini cfg conf properties xml xsd xsl xslt plist proto thrift avsc graphql gql "
    "c h cpp cxx hpp hh hxx cu cuh ino rs go java kt kts scala sbt groovy gradle clj cljs cljc edn swift mm cs csx csproj "
    "fsproj vbproj sln fs fsx fsi vb razor cshtml rb erb rake gemspec haml php phtml twig blade lua dart zig nim jl exs "
    "heex leex erl hrl hs lhs cabal mli purs elm sol vy asm wat vhd vhdl sv svh sh bash zsh fish ps1 psm1 bat cmd awk sed "
    "sql ddl dbml prisma md mdx rst adoc asciidoc tex bib org qmd rmd Rmd R f90 f95 tf tfvars hcl nix bzl bazel cmake mk am "
    "ninja dockerfile containerfile lock env editorconfig eslintrc j2 jinja jinja2 tmpl tpl hbs ejs pug mustache liquid "
    "service timer socket po pot patch pas tcl gd tscn tres cfm jsp jspx asp aspx vbs applescript ahk ebuild spec bats feature "
    "jsonnet libsonnet cue rego dhall kdl ron wgsl glsl hlsl vert frag metal pro qml ui qrc typ".split()
) - frozenset(
    ("service", "timer", "socket", "org", "feature", "pro", "ui", "spec", "am", "mk", "metal", "frag", "vert")
)
"""Endings that make any word a file."""
WEAK_ENDINGS = frozenset(
    "cc pl pm el ex ml r m d s S v t nb cl lisp scm rkt txt csv tsv log diff in ac am mk service timer feature spec pro ui "
    "frag vert metal pem crt bak orig sample example template snap def inc out rules desktop".split()
)
"""Endings that are also words, units, ends of sites or usual for attachments: they need a slash, code marks or a line."""
_SENT = frozenset("txt csv tsv log diff rules".split())
ASSET_ENDINGS = frozenset("png svg jpg jpeg gif webp ico pdf woff woff2 ttf otf wasm gz parquet db sqlite map".split())
"""Endings of what also lies in repositories, but is more often sent as a file: they need a slash."""

SHOUTED = frozenset(("MD", "SQL", "CPP", "PY", "HTML", "JSON", "XML"))
"""Endings in capital letters behind a name in capital letters."""

PLAIN_NAMES = frozenset(
    "Makefile GNUmakefile Dockerfile Containerfile Jenkinsfile Vagrantfile Gemfile Rakefile Procfile Brewfile Podfile Fastfile "
    "Appfile Matchfile Dangerfile Guardfile Caddyfile Tiltfile Earthfile Justfile justfile Pipfile Cargofile Snakefile "
    "SConstruct SConscript Kbuild Kconfig CODEOWNERS Berksfile Capfile Cartfile Puppetfile "
    "LICENSE LICENCE README CHANGELOG CONTRIBUTING".split()
)
"""File names without an ending that are nothing else in prose."""
OTHER_PLAIN_NAMES = frozenset(
    "AUTHORS COPYING NOTICE VERSION INSTALL TODO HACKING SECURITY CONTRIBUTORS MAINTAINERS OWNERS BUILD WORKSPACE makefile "
    "dockerfile gradlew mvnw configure manage Doxyfile".split()
)
"""File names without an ending that are words too: they need a slash or code marks."""
_VARIANT = re.compile(
    r"(?:Makefile|Dockerfile|Containerfile|Jenkinsfile|Gemfile|Caddyfile|LICENSE|README)[.\-][A-Za-z0-9_.\-]+"
)
WHOLE_NAMES = frozenset(
    "requirements.txt requirements-dev.txt requirements_dev.txt dev-requirements.txt constraints.txt CMakeLists.txt robots.txt "
    "readme.txt license.txt changelog.txt "
    "humans.txt llms.txt runtime.txt LICENSE.txt README.txt CHANGELOG.txt NOTICE.txt AUTHORS.txt go.mod go.sum go.work "
    "MANIFEST.in configure.ac Makefile.am setup.in py.typed init.el mix.ex gradle.properties cpanfile.snapshot".split()
)
_REQUIREMENTS = re.compile(r"requirements[\w\-.]*\.txt")
_DOT_NAMES = frozenset(
    "gitignore gitattributes gitmodules gitkeep gitconfig dockerignore editorconfig env envrc eslintrc eslintignore prettierrc "
    "prettierignore babelrc npmrc nvmrc npmignore yarnrc bashrc zshrc profile bash_profile vimrc flake8 pylintrc coveragerc "
    "mailmap htaccess python-version tool-versions node-version ruby-version browserslistrc stylelintrc rubocop clang-format "
    "clang-tidy swiftlint isort mypy hgignore helmignore gcloudignore vercelignore terraformignore cursorrules tmux".split()
)
_MAIN_STEMS = frozenset(
    "main index init test tests utils util lib app mod setup server client config run build".split()
)

_PRODUCTS = frozenset(
    "node vue next nuxt react express d3 three ember backbone chart moment alpine angular discord p5 tensorflow brain electron "
    "nest svelte bun knockout polymer meteor sails gatsby solid preact underscore handlebars mustache leaflet video plotly "
    "babylon paper matter anime require highlight prism math day pdf reveal lodash jquery fastify koa hapi feathers strapi "
    "adonis stimulus turbo ml5 tone howler ethers web3 sequelize mongoose passport socket qwik remix astro pixi phaser fabric "
    "konva cypress mocha jasmine chai impress ionic aurelia riot marko mithril inferno hyperapp ext zepto enzyme luxon "
    "numeral marked popper swiper dropzone quill sigma cytoscape vis onnx transformers face-api mapbox-gl maplibre opencv "
    "blessed ink bootstrap parcel rollup webpack deno typed aframe a-frame cannon ammo velocity gsap wow slick lit pm2 bull "
    "hono elysia nitro vinxi trpc redux mobx rx immer immutable ramda q bluebird async sinon ava tape nightwatch "
    "paperjs pts two zdog rough excalidraw xterm ace monaco codemirror showdown summernote chessboard chess stockfish "
    "whatsapp-web baileys venom telegraf grammy eris disco lavalink openpgp tweetnacl sodium forge bip39 solana polkadot "
    "keystone ghost hexo eleventy docusaurus vuepress vitepress sapper blitz redwood wasp apostrophe loopback actionhero".split()
)
_PRODUCT_STEMS = {
    "js": _PRODUCTS,
    "ts": frozenset(("deno", "nest", "vue", "react", "node")),
    "py": frozenset(("discord", "web", "web3", "pycord")),
    "cpp": frozenset(("llama", "whisper", "bark", "ggml", "stable-diffusion", "chatglm", "gemma", "clip", "rwkv")),
    "c": frozenset(("llama2", "llm")),
    "rs": frozenset(("docs", "areweasyncyet", "areweguiyet", "axum", "actix", "lobste", "burn", "mistral")),
    "sh": frozenset(("brew", "bun", "ohmyz", "get.sdkman", "nixos", "railway", "astral", "hf", "sst", "warp")),
    "md": frozenset(("hackmd", "hedgedoc", "point", "today", "agora", "protv", "maib")),
    "vue": frozenset(("nuxt",)),
    "swift": frozenset(("taylor", "t")),
    "css": frozenset(("animate", "normalize", "pico", "tailwind", "water", "milligram")),
}
_NO_FILES = frozenset("self this cls e ev evt my your os np pd import.meta it's".split())
_OBJECTS = frozenset(
    "process args req res request response resp opts options ctx context document window event props state params r data obj "
    "result element".split()
)
_ATTRIBUTES = frozenset("json env html xml conf cfg lock properties".split())
"""What follows the dot behind an object of a program, and is also the ending of files."""
_END_OF_SENTENCE = frozenset(
    "it there now ok okay done ready home here then yes no so and but lets go me you we us them him her all out up down on off "
    "well fine good great way time day today tomorrow work please thanks vamos bora sim não já aqui agora hoje listo ya sí va "
    "ja nein gut los right away first next again back later soon together tonight party".split()
)
_SITE = re.compile(
    r"(?:com|org|net|edu|gov|gob|mil|co|io)\.[a-z]{2}|(?:www|get|docs|api|m|blog|app|shop|news)\.[a-z0-9\-]+\.(?:py|pl|rs|sh|md|cc|ml)"
)
_ABBREVIATION = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]?")
_WORD = re.compile(r"\w{2}")
_HAS_LETTER = re.compile(r"[^\W\d]")


def is_file(name: str, strong: bool, slashed: bool) -> bool:
    """Return whether ``name``, the last part of a path, is that of a file.

    ``strong``: stands in code marks or has a line behind it. ``slashed``: has folders in front of it.
    """
    if name in PLAIN_NAMES or name in WHOLE_NAMES or is_dot_name(name):
        return True
    if _VARIANT.fullmatch(name) or _REQUIREMENTS.fullmatch(name):
        return True
    if name in OTHER_PLAIN_NAMES:
        return strong or slashed
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem.strip("."):
        return False
    if slashed:
        return ending in CODE_ENDINGS or ending in WEAK_ENDINGS or ending in ASSET_ENDINGS or _is_shouted(stem, ending)
    if is_product(name) or stem in _NO_FILES or (stem in _OBJECTS and ending in _ATTRIBUTES):
        return False
    if _is_site(name):
        return strong
    if ending in WEAK_ENDINGS:
        return strong or ("_" in stem and ending not in _SENT) or (stem in _MAIN_STEMS and ending not in ("in", *_SENT))
    if ending not in CODE_ENDINGS:
        return _is_shouted(stem, ending)
    if len(ending) == 1 and not _WORD.search(stem):
        return strong
    if not _HAS_LETTER.search(stem):
        return strong or ending in ("sql", "py", "md")
    return strong or stem.lower() not in _END_OF_SENTENCE


def _is_shouted(stem: str, ending: str) -> bool:
    return ending in SHOUTED and stem.isupper()


def _is_site(name: str) -> bool:
    return _SITE.search(name) is not None and not name.startswith(".")


def is_product(name: str) -> bool:
    """Return whether a product or site is called ``name``, in any case of letters: Node.js, llama.cpp, docs.rs."""
    stem, _, ending = name.lower().rpartition(".")
    return stem in _PRODUCT_STEMS.get(ending, ())


def is_dot_name(name: str) -> bool:
    """Return whether ``name`` is that of a hidden file that tools read: ``.gitignore``, ``.env.example``."""
    return name.startswith(".") and (name[1:] in _DOT_NAMES or (name.startswith(".env.") and name[5:].isalnum()))


def may_be_file(name: str) -> bool:
    """Return whether ``name`` could be that of a file at all."""
    return name in PLAIN_NAMES or name in OTHER_PLAIN_NAMES or is_file(name, True, True) or is_file(name, True, False)


def are_products(parts: list[str]) -> bool:
    """Return whether slashes stand between names of products or shortened words: Vue.js/React.js, Python/Node.js, a.m./p.m."""
    if all(_ABBREVIATION.fullmatch(part) for part in parts):
        return True
    return is_product(parts[-1]) and all(is_product(part) or part[:1].isupper() for part in parts[:-1])


DOT_NAMES = tuple(sorted(_DOT_NAMES))

_BRANCHES = frozenset(
    "origin upstream feature features feat fix bugfix hotfix release releases chore refs heads remotes dependabot renovate".split()
)
_MEDIA_TYPES = frozenset("application text image video audio multipart font".split())
_MEDIA_SUBTYPES = frozenset(
    "json html plain png jpeg jpg gif svg webp css xml csv mp4 mpeg ogg pdf javascript zip octet-stream form-data wav markdown "
    "x-www-form-urlencoded event-stream svg+xml woff woff2 webm x-ndjson yaml calendar".split()
)
_PROSE_PAIRS = re.compile(
    r"(?i)(?:and/or|n/a|i/o|w/o|y/n|tcp/ip|ci/cd|he/she|his/her|km/h|yes/no|true/false|on/off|input/output|read/write|client/server|"
    r"s/[^/]*/[^/]*/g?)"
)
_ALL_SHORT = re.compile(r"[0-9a-zA-Z](?:/[0-9a-zA-Z])+")


def is_folder_path(path: str) -> bool:
    """Return whether ``path``, that stands alone in code marks and has a slash but no ending, is one of a repository.

    Not: branches, media types, routes of a web server, packages, pairs of words, fractions.
    """
    parts = path.rstrip("/").split("/")
    if path.startswith(("/", "@", "~")) or not _HAS_LETTER.search(path) or parts[0] in _BRANCHES:
        return False
    if len(parts) == 2 and parts[0] in _MEDIA_TYPES and parts[1].lower() in _MEDIA_SUBTYPES:
        return False
    if _PROSE_PAIRS.fullmatch(path) or _ALL_SHORT.fullmatch(path):
        return False
    return parts[1:] == [] or not all(part.isdigit() for part in parts[1:])


SITE_ENDINGS = (
    "com org net edu gov io dev app co me ai br pt de es fr uk us it nl ru jp cn info xyz tv gg ly be eu ch at pl cz se no fi dk "
    "ca au nz mx ar cl to fm so sh rs blog news wiki page site online cloud tech link social chat "
    "ie il kr tw hk sg za ng ke tr gr hu "
    "ro bg ua id my ph th vn pk sa ae eg ma ir"
).split()

HEX_WORDS = frozenset(
    "cafe face fade dead beef feed babe deaf decade facade bead bade abed aced dace deed faced faded added beaded dada baba caca "
    "bebe dede fada cada beca boca fee bee dad bad add ace bed fed cab dab fab ebb bad cad "
    "abc abcd abcde abcdef abba acdc ada abe eda edda deb bea decada facada".split()
)

UNITS = (
    r"k|km|kms|m|mi|miles?|kg|kgs|lbs?|g|reps?|sets?|min|mins|minutes?|minutos?|minuten|s|secs?|seconds?|segundos?|h|hrs?|hours?|horas?|"
    r"stunden?|days?|dias?|días?|tage?n?|weeks?|semanas?|wochen?|months?|mes(?:es)?|monate?n?|years?|anos?|años?|jahre?n?|times|vezes|veces|"
    r"mal|people|persons?|pessoas?|personas?|personen|leute|reais|euros?|dollars?|bucks|pm|am|uhr|percent|points?|pontos?|puntos?|others?|"
    r"gb|mb|of [0-9]+"
)
"""What follows a count, and never the number of an issue."""

NUMBERED = (
    r"number|no|nº|nr|num|room|rooms|apt|apartment|apto|apartamento|suite|unit|bus|line|track|hole|day|dia|día|tag|week|semana|woche|"
    r"month|year|chapter|cap|capítulo|capitulo|kapitel|ep|eps|episode|episodio|episódio|folge|season|temporada|question|pergunta|"
    r"pregunta|frage|step|passo|paso|schritt|reason|tip|dica|exercise|exercício|player|jersey|locker|gate|portão|table|mesa|tisch|"
    r"lote|lot|order|pedido|bestellung|invoice|fatura|factura|rechnung|part|parte|teil|level|nível|nivel|stage|round|rodada|runde|game|"
    r"jogo|juego|spiel|match|seat|assento|platz|seed|rank|ranked|ranking|place|pos|position|posição|puesto|lugar|top|rule|regra|regla|"
    r"regel|option|opção|opción|volume|vol|edition|edição|edición|ausgabe|book|livro|libro|song|música|level|attempt|lane|pier|"
    r"platform|plataforma|gleis|car|carro|coche|runner|team|equipo|slot|box|caixa|caja|photo|foto|slide|page|página|seite|pg|"
    r"row|fila|reihe|shelf|floor|andar|piso|door|house|casa|haus|store|loja|tienda|channel|canal|draw|sorteio|ticket sorteio|size|"
    r"draft|strike|build|run|job|pipeline|sprint|meeting|reunião|claim|flight|voo|"
    r"account|conta|member|student|aluno|model|serial|"
    r"phone|protocolo|senha|ficha|matrícula|processo|comment|comentário|post|tweet|puzzle|wordle|artist|friend|person|child|kid|fact|"
    r"pizza|candidate|candidato|candidata|chanel|mambo|symphony|sinfonia|sinfonie|concerto|building|block|bloco|quarto|sala|court|"
    r"pump|machine|máquina|printer|router|server|servidor|node|core|gpu|cpu|thread|worker|shard|layer|epoch|example|exemplo|ejemplo|"
    r"figure|section|scenario|approach|solution|idea|ideia|point|item|bullet|plan|problem|problema|contestant|vehicle|zone|group|grupo|"
    r"psalm|hymn|rfc|"
    r"trip|visit|beer|coffee|poll|lesson|aula|lição|lección|lektion|module|unidade|workout|treino|lap|volta|vuelta|runde|race|wave|version"
)
"""Words behind which a number counts things that are no code."""
RANKED_BY = (
    r"are|is|was|were|be|being|we're|you're|i'm|he's|she's|it's|they're|still|finished|placed|came|voted|my|your|our|his|her|their|world's|"
    r"the|a|somos|sou|é|es|el|la|mi|meu|minha|nosso|seu|sua|o|bin|ist|sind|der|die|mein|meine|unser|unsere|top|number|world|at|to|hit|take|"
    r"reached|from|país|mundo"
)
"""Words in front of a rank. Only small numbers are ranks."""
RANKS = (
    r"fan|fans|choice|priority|rule|reason|hit|song|songs|team|seller|spot|place|pick|draft|most|worst|best|in|on|of|city|country|brand|"
    r"player|jersey|album|single|movie|film|show|book|podcast|app|dad|mom|mum|boss|rated|ranked|cause|killer|enemy|thing|tip|seed|"
    r"do|da|no|na|en|del|de|in|im|der|mundo|world|globally|worldwide|nationally|overall|again|pencil|baby|song|lugar|platz|fã"
)
"""Words behind a rank."""
RANKED = (
    r"fan|fans|choice|priority|reason|hit|song|songs|seller|spot|place|pick|draft|most|worst|best|player|jersey|album|seed|fã|"
    r"artist|artista|shirt|camisa|trikot"
)
"""Words behind a rank or the number on a back, also of two digits."""

ENDINGS = "|".join(sorted(map(re.escape, CODE_ENDINGS | WEAK_ENDINGS | SHOUTED)))
NAMES = "|".join(sorted(PLAIN_NAMES))
"""The lists as patterns."""
