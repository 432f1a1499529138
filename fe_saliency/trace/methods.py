"""From what a user says in `methods=` to the maps that are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fe_saliency import segments
from fe_saliency.backend.layers import find as find_layer
from fe_saliency.call import Call
from fe_saliency.method import Level, Method, OfInputs, find
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.trace.recipe import Planned

#: A name, a `Method`, or a pair of one of these and its number(s) of samples or a dict of `OPTIONS`.
Entry = str | Method | Sequence[Any]
#: What `methods=` takes: None for the four standard maps; one entry, a list of them, or a dict of them by map name.
Chosen = None | str | Method | Sequence[Entry] | Mapping[str, Entry]
#: What an entry may say, as `SaliencyNet.attribute` takes it. The rest is the same for all maps of a Trace.
OPTIONS = ("nsamples", "stdev_spread", "baseline", "layer")
_FORMS = (
    "a method's name, a Method, or a pair of one of these and its number of samples or a dict of options: "
    "'vargrad', ('smoothgrad', 50) or ('integrated_gradients', {'nsamples': 50, 'baseline': 'zero'})"
)


def planned_maps(methods: Chosen, net: SaliencyNet) -> tuple[Planned, ...]:
    """The maps that `methods` stands for, none for None; where titles would be the same, names are read instead.

    Args:
        methods: As the Trace takes it.
        net: What will compute them.

    Raises:
        ValueError: No entry; an unknown method, or one that the model cannot have; an option that is unknown, out of
            its range, or does not go with the method.
        TypeError: An entry, a name or an option of the wrong kind.
        ImportError: A method with regions, and scikit-image is not installed.
    """
    if methods is None:
        return ()
    if isinstance(methods, Mapping):
        for name in methods:
            if not isinstance(name, str):
                raise TypeError(f"`methods` (with {name!r}) must name each map by a text: {{name of the map: entry}}.")
        found = [_planned(f"methods[{name!r}]", entry, net, name) for name, entry in methods.items()]
    else:
        found = [_planned(f"methods[{place}]", entry, net) for place, entry in enumerate(_listed(methods))]
    if not found:
        raise ValueError(f"`methods` (={methods}) must name at least one method; None stands for the standard maps.")
    titles = [each.title for each in found]
    return tuple(each if titles.count(each.title) == 1 else each.called(each.name) for each in found)


def _listed(methods: Any) -> Sequence[Entry]:
    if isinstance(methods, (str, Method)):
        return [methods]
    if not isinstance(methods, (list, tuple)):
        raise TypeError(
            f"`methods` (={methods!r}) must be a list, or a dict by the names of the maps, of entries that are each "
            f"{_FORMS}."
        )
    if len(methods) == 2 and isinstance(methods[0], (str, Method)) and _says_samples(methods[1]):
        raise TypeError(f"`methods` (={methods!r}) must be a list, but is one entry of one: `methods=[{methods!r}]`.")
    return methods


def _says_samples(second: Any) -> bool:
    """Whether it can only be the second of a pair."""
    numbers = second if isinstance(second, (tuple, list)) and second else [second]
    return isinstance(second, Mapping) or all(hasattr(each, "__index__") for each in numbers)


def _planned(said: str, entry: Any, net: SaliencyNet, name: str | None = None) -> Planned:
    """The map of one entry; `said` is how the user calls that."""
    named, options = entry, {}
    if isinstance(entry, (tuple, list)) and len(entry) == 2:
        named = entry[0]
        options = dict(entry[1]) if isinstance(entry[1], Mapping) else {"nsamples": entry[1]}
    if not isinstance(named, (str, Method)):
        raise TypeError(f"`{said}` (={entry!r}) must be {_FORMS}.")
    strangers = [option for option in options if option not in OPTIONS]
    if strangers:
        raise ValueError(
            f"`{said}` (with {', '.join(map(repr, strangers))}) must have no options but {', '.join(OPTIONS)}: the "
            "rest is the same for all maps of the Trace. Leave them out, or use `SaliencyNet.attribute`."
        )
    options = {option: value for option, value in options.items() if value is not None}
    try:
        call = Call(find(named), **options)
        passes = _passes(call, net)
    except (TypeError, ValueError) as error:
        raise type(error)(f"`{said}`: {error}") from error
    method, counts = call.method, call.method.samples(call.nsamples)
    return Planned(
        name=method.name if name is None else name,
        title=method.title if name is None else name,
        method=method,
        nsamples=counts,
        options={option: value for option, value in options.items() if option != "nsamples"},
        passes=passes,
    )


def _passes(call: Call, net: SaliencyNet) -> int:
    """How often the method runs, once for each of several baselines, if the model can have its map at all."""
    method = call.method
    if call.method.core.at_layer and len(net.model_inputs) > 1:
        raise ValueError(
            f"`method` (={method.name!r}) is a class activation map, which is laid over one input, but the Trace needs "
            f"a map of each, and the model has {net.model_inputs}. Use `SaliencyNet.attribute`."
        )
    if call.layer is not None:
        if not method.core.at_layer:
            raise ValueError(
                f"`layer` (={call.layer!r}) must be left out for the method {method.name!r}: its map would be one of "
                "what the layer gives, and no picture of the input. Only class activation maps, such as 'gradcam', are "
                "laid over the input; for others use `SaliencyNet.attribute`."
            )
        find_layer(net.model, call.layer)
    if call.baseline is None and any(bracket.from_data for bracket in method.brackets):
        raise ValueError(
            f"`baseline` must be given for the method {method.name!r}, rows of data to draw from: "
            f"({method.name!r}, {{'baseline': FromData(rows)}}), with rows (N, ...) of the model's input."
        )
    if method.regions is not None:
        segments.tools()
    several = call.baselines(net.model_inputs)
    for baselines in several:
        if any(isinstance(each, OfInputs) for each in baselines):
            raise ValueError("`baseline` (=OfInputs) is for what a layer gives, but the Trace explains the inputs.")
        unread = {key for each in baselines for key in each.keys} - set(net.model_inputs)
        if unread:
            raise ValueError(
                f"`baseline` reads {sorted(unread)} of the batch, but the Trace keeps only its inputs, "
                f"{net.model_inputs}: give an array of rows."
            )
        for depth, bracket in enumerate(method.brackets):
            if bracket.has_baseline:
                bracket.check_baselines(Level(depth, tuple(net.model_inputs), baselines))
    return len(several)
