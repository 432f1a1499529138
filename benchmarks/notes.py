"""What is not equal in the work that is compared, in words."""

MAPS = """\
- A ratio is taken between two calls of the same round; all contestants take turns, each round begins with another. The
  table shows its median, and the least and the greatest of at least three rounds (two for who is far behind where a
  call takes many seconds). Each contestant runs at its best setting, found by a short sweep: chunk sizes of 1 to all
  rows and samples at once, until two in a row are far worse, and in torch both memory layouts.
- Few rounds tell no differences below 15 %: EfficientNet-Lite0, 1 image, took 1.15 and 1.16 times the loop's time
  (SmoothGrad, IG from zero), and 1.06 and 1.01 when the same code was measured again for longer on the same machine.
  The means over all cases, in the table above, tell more. Where *masks*, which does the same and more, took clearly
  less than ours in the same rounds, ours was disturbed.
- All are given the images alone, and explain the class that the model predicts: whoever must be told the class finds it
  by a forward pass within the clocked call.
- **ours**: `SaliencyNet.attribute`, raw maps without the report of errors (`diagnose=False`). It includes what a user
  gets beside the gradients: checks, and noise that is the same on every device and in every chunk. *masks* is the
  drop-in getter, which also scales the map for display; *report* is `attribute` with its errors and completeness gap.
- **bare loop**: the class, the gradients and nothing else, as an expert would write it by hand. Noise levels are known
  beforehand, the noise is the framework's own and differs in every call, weights take no gradients. In torch it also
  runs with batch norms folded into the convolutions, as ours does where that is faster; peers get the model as it is.
- **FastEstimator** takes turns with ours alone, for it clears the Keras session after each pass, and whoever comes next
  must build graphs anew; ours does that in a call that is not clocked. Measured are its getters, for they are all it
  has: masks for display. Its integrated map takes one gradient more, with one baseline for the whole path and the
  endpoints included; ours draws a baseline for each point.
- **captum**: one noise level for all rows (ours: each row's own). Gauss-Legendre points (ours: midpoints). Rows are
  split where that is faster. Weights are frozen for it, and for PAIR.
- **PAIR saliency**: made for one image a call, and for one noisy copy at a time. Where it is faster, several images
  are handed to it as one array, with one noise level; its noise is float64. IG is its own Riemann sum.
- **xplique**: one noise level for all rows; its channel reduction is off. IG takes trapezoidal steps.
- **tf-explain**: without the picture that its `explain` ends in; one class for all rows (ours: each row's own) and one
  noise level. It explains the cross-entropy in SmoothGrad, and leaves out the factor (x - baseline) in IG.
- No peer draws a random baseline for each point of a path, so those rows have the bare loop and FastEstimator only."""

EVERY = """\
Gradients per second of each registered method over those of the fastest bare loop with as many of them: 1 is as fast
as the loop, below it slower. The loop has SmoothGrad's noise and nothing of the method itself; where a method has one
point after the other, or one noisy model after the other, so has the loop. What gradients are not the cost of stays in
the table: XRAI finds segments, noisy weights are drawn and written for each model, and a single gradient of few small
images is mostly the call."""

TRACE = """\
The time of the Trace's own hooks and of TensorBoard's `on_epoch_end` in eval mode, at the default settings
(`smoothing=25, integrating=(100, 6)`), 5 digits. FastEstimator's makes 628 passes of 5 rows, for it integrates only
five of the six noisy copies; ours integrates all six. Our four maps have no gradient in common, for the points of a
path are neither the input nor one of its noisy copies. *The figure* is the time from finished maps to the picture in
TensorBoard's file; *a figure drawn before* is ours without the drawing: what is left is TensorBoard's writer, which
makes a PNG of any picture. So the ratio hangs on how long FastEstimator's takes, in a browser that nobody sees, which
varies most. Our first epoch builds what later ones use; in TensorFlow each epoch makes it ready again, for
FastEstimator clears the session in between. Training itself is not in these numbers. The range of a ratio goes over the
pairs of epochs of trainings that stood side by side."""

BUDGET = """\
What our Trace, at its default settings, takes of the time that `budget=0.3` allows it: a part of the 200 training steps
of 5 digits of the first epoch, LeNet. The drawing, for which the budget does not stand, is in it."""

MEMORY = """\
Peak memory (resident set) of one SmoothGrad call above the memory in use before it, LeNet, 32 images, each call in a
fresh process whose model is built and has computed one gradient map."""

IMPORT = """\
In fresh processes, after `import fastestimator`; for the classes also after FastEstimator's own class of that name,
which loads both frameworks."""

GROWTH = """\
SmoothGrad on LeNet, raw maps. A cell is the time of a call, and below it the time per gradient; a cell that the time
limit forbade is empty."""

ACCURACY = """\
Measured by `make curves` (PyTorch), on another day. A cell is the error of a map, relative to the norm of a converged
one, after so many gradients: the median over rows, that of a row the root of the mean square over maps. Above 1 a map
is more noise than map, whoever made it; maps of photos from random baselines are so, and there fewer gradients for the
same error say little. The README shows the curves."""

TRIED = """\
Changes to the bare loop (SmoothGrad, its best layout and chunk size). *Ready after*: what the first call takes beyond a
later one. *Pays off after*: so many calls, if each is faster by that much. The compilers make these networks slower,
after a compilation for each shape, and are not in the package. Folding pays off, for EfficientNet most: the package
does it for the time of a call, where it measures that this is faster."""
