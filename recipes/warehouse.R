# The whole warehouse in R: the SQL of docs/warehouse.md, answered as a data frame.
#
#   Rscript recipes/warehouse.R release/nightly/chiso.duckdb "select * from facts_wide" answer.csv
#
# With the package duckdb; where it is not installed, with the duckdb of a Python through reticulate
# (Debian: r-cran-reticulate), which the environment variable RETICULATE_PYTHON names.

ask <- function(warehouse, sql) {
  if (requireNamespace("duckdb", quietly = TRUE)) {
    connection <- DBI::dbConnect(duckdb::duckdb(), warehouse, read_only = TRUE)
    on.exit(DBI::dbDisconnect(connection, shutdown = TRUE))
    return(DBI::dbGetQuery(connection, sql))
  }
  connection <- reticulate::import("duckdb")$connect(warehouse, read_only = TRUE)
  on.exit(connection$close())
  columns <- connection$sql(sql)$to_arrow_table()$to_pydict()
  as.data.frame(lapply(columns, function(column) sapply(column, function(x) if (is.null(x)) NA else x)), check.names = FALSE)
}

arguments <- commandArgs(trailingOnly = TRUE)
answer <- ask(arguments[1], arguments[2])
write.csv(format(answer, digits = 15, trim = TRUE, justify = "none"), arguments[3], row.names = FALSE, fileEncoding = "UTF-8")
