# Two of the questions of docs/questions.md in R, over the CSV files of a release. Base R only.
#
#   Rscript recipes/questions.R release/nightly
#
# With the package duckdb the whole warehouse is one connection away:
#   con <- DBI::dbConnect(duckdb::duckdb(), "release/nightly/chiso.duckdb", read_only = TRUE)

release <- commandArgs(trailingOnly = TRUE)[1]
table <- function(name) read.csv(file.path(release, paste0(name, ".csv")), encoding = "UTF-8", na.strings = "", check.names = FALSE)

official <- table("official")
units <- table("units")[, c("unit_id", "name", "merged_into")]
pci <- subset(official, index == "PCI" & measure == "score" & is.na(component) & kind == "official" & subject_type == "province")
pci <- merge(pci, units, by.x = "subject_id", by.y = "unit_id", all.x = TRUE)
pci$today <- ifelse(is.na(pci$merged_into), pci$subject_id, pci$merged_into)

# Did merged provinces gain or lose a place? Places are shares of all, since 34 are not 63.
old <- subset(pci, year == 2019)
old$before <- rank(-old$value, ties.method = "min") / nrow(old)
new <- aggregate(value ~ today, old, function(x) c(mean = mean(x), size = length(x)))
new <- data.frame(today = new$today, mean = new$value[, "mean"], size = new$value[, "size"])
new$after <- rank(-new$mean, ties.method = "min") / nrow(new)
both <- subset(merge(old, new, by = "today"), size > 1)
cat("gain", sum(both$after < both$before), "lose", sum(both$after > both$before), "\n")

# Do provinces come closer to each other?
spread <- aggregate(value ~ year, subset(pci, year >= 2009), sd)
cat(sprintf("%d %.2f\n", spread$year, spread$value), sep = "")

# Names keep their letters.
cat(sort(unique(subset(pci, year == 2019)$subject))[1:3], sep = "; ")
cat("\n")
