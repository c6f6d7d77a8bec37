"""One property of many of QuPath's objects in one call.

Asked from Python object by object, each answer takes microseconds, which on a slide with many
detections adds up to half a minute. Here a chain of getters becomes one Java function, and Java's
own streams apply it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_HANDLES = "java.lang.invoke.MethodHandles"
_BETWEEN = "\x1e"


class Columns:
    """Functions over Java collections of ``PathObject`` (`java`: Paquo's table of classes)."""

    def __init__(self, java: Any) -> None:
        self._class = java.JClass
        self._handles = self._class(_HANDLES)
        self._lookup = self._handles.publicLookup()

    def doubles(self, objects: Any, *getters: str) -> npt.NDArray[np.float64]:
        """A number of every object: ``doubles(objects, "getROI", "getArea")``."""
        function = self._function("java.util.function.ToDoubleFunction", self._chain(getters))
        return np.asarray(objects.stream().mapToDouble(function).toArray(), np.float64)

    def flags(self, objects: Any, *getters: str) -> list[bool]:
        """True or false of every object."""
        return [text == "true" for text in self.texts(objects, *getters)]

    def texts(self, objects: Any, *getters: str) -> list[str]:
        """What every object has there, as text ("" where there is nothing)."""
        return self._texts(objects, self._chain(getters))

    def values(self, objects: Any, key: str, *getters: str) -> list[str | None]:
        """The value of a key in every object's map, the last getter's; None: not there."""
        get = self._lookup.unreflect(
            self._class("java.util.Map").class_.getMethod("get", self._object)
        )
        get = self._handles.insertArguments(get, 1, key)
        return [
            text or None for text in self._texts(objects, self._then(self._chain(getters), get))
        ]

    def where(self, objects: Any, *getters: str) -> Any:
        """The objects for which the last getter says true."""
        return self._filtered(objects, self._chain(getters))

    def where_key(self, objects: Any, key: str, *getters: str) -> Any:
        """The objects whose map, the last getter's, has a key."""
        has = self._lookup.unreflect(
            self._class("java.util.Map").class_.getMethod("containsKey", self._object)
        )
        has = self._handles.insertArguments(has, 1, key)
        return self._filtered(objects, self._then(self._chain(getters), has))

    def where_instance(self, objects: Any, kind: Any, *getters: str) -> Any:
        """The objects of which what the last getter gives is of a class."""
        boolean = self._class("java.lang.Boolean").TYPE
        test = self._class("java.lang.invoke.MethodType").methodType(boolean, self._object)
        bound = self._lookup.bind(kind.class_, "isInstance", test)
        return self._filtered(objects, self._then(self._chain(getters), bound))

    @property
    def _object(self) -> Any:
        return self._class("java.lang.Object").class_

    def _chain(self, getters: Sequence[str]) -> Any:
        kind = self._class("qupath.lib.objects.PathObject").class_
        chain = None
        for name in getters:
            step = self._lookup.unreflect(kind.getMethod(name))
            chain = step if chain is None else self._then(chain, step)
            kind = chain.type().returnType()
        return chain

    def _texts(self, objects: Any, chain: Any) -> list[str]:
        if objects.isEmpty():
            return []
        chain = self._then(chain, self._text_or_empty())
        function = self._function("java.util.function.Function", chain)
        # One string is converted once; what ends up between the texts hardly is in one of them.
        join = self._class("java.util.stream.Collectors").joining(_BETWEEN)
        found = str(objects.stream().map(function).collect(join)).split(_BETWEEN)
        if len(found) == objects.size():
            return found
        return [str(text) for text in objects.stream().map(function).toList()]

    def _text_or_empty(self) -> Any:
        text = self._class("java.lang.String").class_
        method = self._class("java.util.Objects").class_.getMethod("toString", self._object, text)
        return self._handles.insertArguments(self._lookup.unreflect(method), 1, "")

    def _then(self, first: Any, second: Any) -> Any:
        wanted = second.type().parameterType(0)
        first = first.asType(first.type().changeReturnType(wanted))
        return self._handles.filterReturnValue(first, second)

    def _filtered(self, objects: Any, test: Any) -> Any:
        predicate = self._function("java.util.function.Predicate", test)
        return objects.stream().filter(predicate).toList()

    def _function(self, kind: str, handle: Any) -> Any:
        proxies = self._class("java.lang.invoke.MethodHandleProxies")
        return proxies.asInterfaceInstance(self._class(kind).class_, handle)
