"""One property of many of QuPath's objects in one call.

Asked from Python object by object, each answer takes microseconds, which on a slide with many
detections adds up to half a minute. Here a chain of getters becomes one Java function, and Java's
own streams apply it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

_HANDLES = "java.lang.invoke.MethodHandles"
_BETWEEN = "\x1e"


class Columns:
    """Functions over Java collections of ``PathObject`` (`java`: Paquo's table of classes)."""

    #: Java functions by what they do: making one takes longer than applying it to an image.
    _made: ClassVar[dict[tuple[Any, ...], Any]] = {}

    #: Java classes by name: finding one takes a tenth of a millisecond.
    _classes: ClassVar[dict[str, Any]] = {}

    def __init__(self, java: Any) -> None:
        self._find = java.JClass

    def class_of(self, name: str) -> Any:
        """A Java class."""
        if name not in self._classes:
            self._classes[name] = self._find(name)
        return self._classes[name]

    @property
    def _handles(self) -> Any:
        return self.class_of(_HANDLES)

    @cached_property
    def _lookup(self) -> Any:
        return self._handles.publicLookup()

    def doubles(self, objects: Any, *getters: str) -> npt.NDArray[np.float64]:
        """A number of every object: ``doubles(objects, "getROI", "getArea")``."""
        function = self._kept(
            ("double", *getters),
            lambda: self._function("java.util.function.ToDoubleFunction", self._chain(getters)),
        )
        return np.asarray(objects.stream().mapToDouble(function).toArray(), np.float64)

    def flags(self, objects: Any, *getters: str) -> list[bool]:
        """True or false of every object."""
        return [text == "true" for text in self.texts(objects, *getters)]

    def texts(self, objects: Any, *getters: str) -> list[str]:
        """What every object has there, as text ("" where there is nothing)."""
        return self._texts(objects, ("text", *getters), lambda: self._chain(getters))

    def values(self, objects: Any, key: str, *getters: str) -> list[str | None]:
        """The value of a key in every object's map, the last getter's; None: not there."""
        name = ("value", key, *getters)
        texts = self._texts(objects, name, lambda: self._in_map("get", key, getters))
        return [text or None for text in texts]

    def where(self, objects: Any, *getters: str) -> Any:
        """The objects for which the last getter says true."""
        return self._filtered(objects, ("where", *getters), lambda: self._chain(getters))

    def where_key(self, objects: Any, key: str, *getters: str) -> Any:
        """The objects whose map, the last getter's, has a key."""
        name = ("key", key, *getters)
        return self._filtered(objects, name, lambda: self._in_map("containsKey", key, getters))

    def where_instance(self, objects: Any, kind: Any, *getters: str) -> Any:
        """The objects of which what the last getter gives is of a class."""
        name = ("instance", str(kind.class_.getName()), *getters)
        return self._filtered(objects, name, lambda: self._is_a(kind, getters))

    def _is_a(self, kind: Any, getters: Sequence[str]) -> Any:
        boolean = self.class_of("java.lang.Boolean").TYPE
        test = self.class_of("java.lang.invoke.MethodType").methodType(boolean, self._object)
        bound = self._lookup.bind(kind.class_, "isInstance", test)
        return self._then(self._chain(getters), bound)

    def _in_map(self, method: str, key: str, getters: Sequence[str]) -> Any:
        """A map's method with one argument, applied to what the last getter gives."""
        called = self._lookup.unreflect(
            self.class_of("java.util.Map").class_.getMethod(method, self._object)
        )
        return self._then(self._chain(getters), self._handles.insertArguments(called, 1, key))

    def _kept(self, name: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def _object(self) -> Any:
        return self.class_of("java.lang.Object").class_

    def _chain(self, getters: Sequence[str]) -> Any:
        kind = self.class_of("qupath.lib.objects.PathObject").class_
        chain = None
        for name in getters:
            step = self._lookup.unreflect(kind.getMethod(name))
            chain = step if chain is None else self._then(chain, step)
            kind = chain.type().returnType()
        return chain

    def _texts(self, objects: Any, name: tuple[Any, ...], chain: Callable[[], Any]) -> list[str]:
        if objects.isEmpty():
            return []
        function = self._kept(
            name,
            lambda: self._function(
                "java.util.function.Function", self._then(chain(), self._text_or_empty())
            ),
        )
        # One string is converted once; what ends up between the texts hardly is in one of them.
        join = self.class_of("java.util.stream.Collectors").joining(_BETWEEN)
        found = str(objects.stream().map(function).collect(join)).split(_BETWEEN)
        if len(found) == objects.size():
            return found
        return [str(text) for text in objects.stream().map(function).toList()]

    def _text_or_empty(self) -> Any:
        text = self.class_of("java.lang.String").class_
        method = self.class_of("java.util.Objects").class_.getMethod("toString", self._object, text)
        return self._handles.insertArguments(self._lookup.unreflect(method), 1, "")

    def _then(self, first: Any, second: Any) -> Any:
        wanted = second.type().parameterType(0)
        first = first.asType(first.type().changeReturnType(wanted))
        return self._handles.filterReturnValue(first, second)

    def _filtered(self, objects: Any, name: tuple[Any, ...], test: Callable[[], Any]) -> Any:
        predicate = self._kept(name, lambda: self._function("java.util.function.Predicate", test()))
        return objects.stream().filter(predicate).toList()

    def _function(self, kind: str, handle: Any) -> Any:
        proxies = self.class_of("java.lang.invoke.MethodHandleProxies")
        return proxies.asInterfaceInstance(self.class_of(kind).class_, handle)
