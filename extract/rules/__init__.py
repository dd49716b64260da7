"""The rules, by family. A phrase is added in its family's tuple and its cases in tests/corpus/<family>.toml."""
