"""Pages to articles, articles to claims. Pure: no network, no database, no clock."""
