"""What a person reads of the error curves; none of it loads the package or a framework."""

MODELS = {"lenet": "LeNet, digits", "squeezenet": "SqueezeNet, photos"}
SCORES = {"logit": "logit", "probability": "softmax score"}
TITLES = {
    "smoothgrad": "SmoothGrad",
    "smoothgrad_squared": "SmoothGrad-squared",
    "given": "Integrated Gradients, black baseline",
    "random": "Integrated Gradients, random baselines",
}
#: The name of the scheme that FastEstimator's own module uses, and how many steps it takes.
FASTESTIMATOR, STEPS = "FastEstimator", 100
#: That of the package's own integrated maps from random baselines, with a number of samples.
INTEGRATED = "mirrored draws, even positions"
