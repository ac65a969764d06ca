"""The report: runs measured and compared, as one HTML page that needs no network and no JavaScript.

`gather` works everything out, `words` says what it means, `page` writes it down. The plots (`rows`, `curves`,
`differences`) are pure functions from numbers to SVG, and we draw them ourselves: no plotting library that we know of
gives SVG that follows the reader's theme, the width of a phone and a sheet of paper alike, and weighs a few kilobytes.
matplotlib bakes colours and the outlines of letters into files a hundred times the size; plotly, bokeh and vega draw
with scripts.

How they fit every width without a script: each `<svg>` is exactly the area that is plotted, its horizontal positions
are percentages and its vertical ones pixels, so that lines get longer and letters stay as they are. Labels stand
outside it, which `overflow: visible` shows, in the margin that the style sheet leaves.
"""
