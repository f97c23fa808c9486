"""The colours of all figures; apart from `style`, for the page, which needs no matplotlib."""

# Okabe and Ito, https://jfly.uni-koeln.de/color/: told apart with every common colour blindness
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
CONTROL = "black"
