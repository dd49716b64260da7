"""DuckDB: the tables that researchers query, loaded whole or not at all."""
