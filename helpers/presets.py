"""Named settings of a sampler for two uses, tested on the chat model in the chapter that brings the book together.

They are where to start, not what is best: measure them on your own model and questions. The order of the filters is part of
a preset, since the same two numbers in another order are another setting.
"""

from helpers.sampling.draws import ORDER, Settings

# For one right answer: cold, so that the likeliest is drawn nearly always, and a cut for what is left of the tail.
FACTUAL = Settings(temperature=0.2, top_p=0.9, order=ORDER)
# For variety: the model's own distribution without tokens that are less than a twentieth as likely as the likeliest.
CREATIVE = Settings(temperature=1.0, min_p=0.05, order=ORDER)

PRESETS = {"factual": FACTUAL, "creative": CREATIVE}
