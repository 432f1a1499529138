"""Targets: what of a model's output is explained, row by row. Each is frozen data; one's own begins with `Target`.

```python
from fe_saliency.target import Contrast, Key, Predicted, Score, Top

net.attribute(batch, target=Key("y"))                       # the true class
net.attribute(batch, target=Contrast(Predicted(), Top(2)))  # why this class and not the next?
net.attribute(batch, target=Score(lambda y: y.sum(1)))      # anything
```

Every target is settled on the clean input, and then held for all noisy and interpolated samples. Where a number is
asked for, an array of one per row serves as well, (B,), or the key of one in the batch.
"""

from fe_saliency.target.base import Output, Target
from fe_saliency.target.classes import Class, Key, Predicted, Top
from fe_saliency.target.dense import Mask, Pixel
from fe_saliency.target.given import PREFIX, Aim, Settled, given
from fe_saliency.target.score import Score, Unit
from fe_saliency.target.several import Contrast, Labels

__all__ = [
    "PREFIX",
    "Aim",
    "Class",
    "Contrast",
    "Key",
    "Labels",
    "Mask",
    "Output",
    "Pixel",
    "Predicted",
    "Score",
    "Settled",
    "Target",
    "Top",
    "Unit",
    "given",
]
