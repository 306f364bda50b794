"""Names that mean one thing wherever they stand: technologies, and cities by which time zones are called.

A word that is also an everyday word in one of the five languages (Go, Rust, Java of the coffee, Nice, Most) is left out:
an entity that is none does more harm than one that is missed.
"""

from __future__ import annotations

from importlib import resources

TECHNOLOGIES = (
    "Python JavaScript TypeScript Kotlin Haskell Clojure Fortran COBOL PostgreSQL Postgres MySQL MariaDB SQLite "
    "DuckDB MongoDB Redis Cassandra ClickHouse Elasticsearch OpenSearch RabbitMQ MQTT gRPC GraphQL OpenAPI WebSocket "
    "Docker Podman Kubernetes Terraform Ansible Jenkins GitHub GitLab Bitbucket Prometheus Grafana Nginx Linux Ubuntu Debian "
    "Fedora Android macOS Arduino ESPHome Zigbee Bluetooth Ethernet LoRa Matplotlib NumPy "
    "Polars PyTorch TensorFlow Jupyter Dagster Airflow Parquet LaTeX Markdown YAML JSON HTML "
    "Tailwind Svelte Django FastAPI Laravel Firebase "
    "Heroku Cloudflare Vercel Netlify WordPress Shopify PowerPoint Photoshop Figma Discord WhatsApp Telegram "
    "OAuth OIDC SAML HDMI Bitcoin Ethereum ChatGPT OpenAI Ollama"
).split()
_NO_PLACE = {
    "Center", "Creston", "Nome", "Reunion", "Troll", "Easter", "Eastern", "Central", "Pacific", "Mountain", "Atlantic", "Acre",
    "Arizona", "General", "Knox", "Marengo", "Menominee", "Monticello", "Petersburg", "Phoenix", "Regina", "Resolute",
    "Victoria", "Mary", "Vincent", "West", "North", "South", "East", "Macquarie", "Davis", "Casey", "Wake", "Midway", "Jersey",
    "Malta", "Jamaica", "Chatham", "Norfolk", "Paris", "Sydney", "Adelaide", "Florida", "Beulah", "Winamac", "Vevay", "Thomas",
    "Sofia", "Samara", "Lima", "Darwin", "Dawson", "Mendoza", "Rosario", "Currie", "Santiago", "Oral", "Salta", "Cordoba", "Adak",
    "Aden", "Chita", "Dili", "Juba", "Colombo", "Lindeman", "Muscat", "Dominica", "Montserrat", "Kirov", "Lome", "Atka", "Barnaul",
    "Lucia", "Martinique", "Barbados", "Belem", "Santa", "Salem", "Virgin", "Christmas", "Universal", "Samoa", "Navajo",
}  # fmt: skip
"""Everyday words, names of people, or more places than one."""


def technologies() -> dict[str, str]:
    """Return names of technologies by how they are looked for: in lower case."""
    return {name.lower(): name for name in TECHNOLOGIES}


def places() -> dict[str, str]:
    """Return the cities of the time zone database by how they are looked for: one word in lower case."""
    zones = resources.files("tzdata").joinpath("zones").read_text("utf-8").split()
    cities = {zone.rsplit("/", 1)[1] for zone in zones if zone.split("/")[0] in _CONTINENTS}
    return {city.lower(): city for city in cities if city.isalpha() and len(city) >= 4 and city not in _NO_PLACE}


_CONTINENTS = ("Africa", "America", "Asia", "Australia", "Europe")
