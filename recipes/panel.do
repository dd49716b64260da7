* A panel of provinces in Stata, from the files of a release:  do recipes/panel.do "release/nightly"
* facts_wide.dta carries English labels; labels_vi.do, beside it, the Vietnamese ones.
args release
use "`release'/panel_63.dta", clear
keep if index == "PAR_INDEX"
encode unit_id, generate(province)
xtset province year
summarize score, detail
xtline score if !missing(score), overlay legend(off)

* What was dropped: facts that wait for an editor have no value; low confidence is for you to decide.
drop if confidence < 0.95
xtreg score i.year, fe
